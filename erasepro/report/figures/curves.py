"""Panels side by side with a line a method over one common x."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from erasepro.report.figures.means import bar
from erasepro.report.figures.page import Page, paper_page, width_of
from erasepro.report.figures.style import REFERENCE, SMALL, TEXT, TWO_COLUMNS, mark
from erasepro.results.interval import Bounds
from erasepro.results.recognition import Share

DECADES = 30.0
"""Largest over smallest x from which on an axis is logarithmic."""
MOST_TICKS = 8
"""Values of x up to which each has its tick."""


class Point(NamedTuple):
    """One point of a line; a value that is NaN leaves a gap."""

    x: float
    share: Share


Line = tuple[str, Sequence[Point]]
"""(name of a method, its points by x)."""


def draw_panels(
    path: Path,
    x_label: str,
    titles: Sequence[str],
    panels: Sequence[Sequence[Line]],
    bounds: Sequence[Bounds],
    originals: Sequence[Sequence[Point]],
    *,
    levels: Sequence[Sequence[tuple[str, Share]]] = (),
    categories: Sequence[str] = (),
    whole: bool = False,
    height: float = 2.2,
) -> Path:
    """Write a figure as wide as both columns of a paper.

    Args:
        titles, panels, bounds, originals: of each panel what stands on its y axis, its lines, what its numbers can be, and the
            original model's points (may be empty). Every panel has the same methods.
        levels: of each panel methods that have no x, drawn as level lines across it.
        categories: names of x = 0, 1, …, whose points no line joins; empty: x is a number.
        whole: x counts something.

    Raises:
        UserError: as `page.paper_page` does.
    """
    with paper_page(path, TWO_COLUMNS, height) as page:
        entries: dict[str, Any] = {}
        plots = page.axes(1, len(panels))
        for number, plot in enumerate(plots):
            for place, (name, points) in enumerate(panels[number]):
                look = mark(place) | ({"linestyle": "none"} if categories else {})
                _draw_line(plot, points, bounds[number], look)
                entries[name] = page.handle(look)
            for place, (name, share) in enumerate(levels[number] if levels else (), start=len(panels[number])):
                entries[name] = plot.axhline(share.value, **{**mark(place), "marker": ""})
            if originals[number]:
                points = originals[number]
                (entries["original model"],) = plot.plot(
                    [p.x for p in points], [p.share.value for p in points], marker="." if len(points) == 1 else "",
                    **({**REFERENCE, "linestyle": "none"} if categories or len(points) == 1 else REFERENCE),
                )  # fmt: skip
            plot.set_ylabel(titles[number])
            _scale_y(plot, bounds[number])
        _scale_x(page, plots, [p.x for _, points in panels[0] for p in points], x_label, categories, whole)
        page.legend([(handle, name) for name, handle in entries.items()])
    return path


def _draw_line(plot: Any, points: Sequence[Point], bounds: Bounds, look: Mapping[str, Any]) -> None:
    reach = [bar(p.share, bounds) for p in points]
    plot.errorbar(
        [p.x for p in points], [p.share.value for p in points],
        yerr=[[low for low, _ in reach], [high for _, high in reach]],
        elinewidth=0.7, capsize=1.5, **look,
    )  # fmt: skip


def _scale_y(plot: Any, bounds: Bounds) -> None:
    """From 0 where a number is a size, from 0 to 1 where it is a share; with room for markers on the edge."""
    low, high = plot.get_ylim()
    least, most = bounds
    if least is not None and most is not None:
        low, high = least - 0.04 * (most - least), most + 0.04 * (most - least)
    elif least is not None:
        low, high = least - 0.03 * max(high - least, 1e-9), max(high, least + 1e-9)
    plot.set_ylim(low, high)


def _scale_x(
    page: Page, plots: Sequence[Any], xs: Sequence[float], label: str, categories: Sequence[str], whole: bool
) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    values = sorted({x for x in xs if math.isfinite(x)})
    is_log = bool(values) and values[0] > 0 and values[-1] / values[0] >= DECADES
    names = page.labels(categories, 1.1)
    widths = [width_of(name, SMALL) for name in names]
    upright = bool(names) and max(widths) > 0.7 * page.width / len(plots) / len(names)
    page.grow(max(widths) if upright else 0.0)
    for plot in plots:
        plot.set_xlabel(page.labels([label], page.width / len(plots), size=TEXT)[0])
        if names:
            plot.set_xticks(range(len(names)), names, rotation=90 if upright else 0, fontsize=SMALL)
            plot.set_xlim(-0.5, len(names) - 0.5)
            continue
        if is_log:
            plot.set_xscale("log")
            plot.xaxis.set_major_formatter(FuncFormatter(lambda x, _: power_text(x)))
            plot.xaxis.set_minor_locator(NullLocator())
        if values and len(values) <= MOST_TICKS and _are_apart(values, 0.035 * len(plots), is_log):
            plot.xaxis.set_major_locator(FixedLocator(values))
            plot.xaxis.set_major_formatter(FuncFormatter(lambda x, _: power_text(float(f"{x:.3g}"))))
        elif whole and not is_log:
            plot.xaxis.set_major_locator(MaxNLocator(integer=True))


def _are_apart(values: Sequence[float], share: float, is_log: bool) -> bool:
    """Whether no two neighbours on an axis lie nearer than this share of it, so that each can have a tick."""
    places = [math.log(value) for value in values] if is_log else list(values)
    return all(b - a >= share * (places[-1] - places[0]) for a, b in pairwise(places))


def power_text(x: float) -> str:
    """A tick of a logarithmic axis without mathtext: ``0.1``, ``10``, ``10⁵``."""
    if not x > 0 or 1e-3 < x < 1e4:
        return f"{x:g}"
    exponent = math.floor(math.log10(x) + 1e-9)
    factor = x / 10**exponent
    power = "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return power if math.isclose(factor, 1) else f"{factor:g}·{power}"
