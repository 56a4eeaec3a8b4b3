"""Interference of concepts: erase the row's, and see how the recognition of each column's concept changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.report.figures.line_names import name_lines
from erasepro.report.figures.means import judged, left_out, names_of
from erasepro.report.figures.page import Page, paper_page
from erasepro.report.figures.style import COLUMN, DIVERGING, HATCH, SMALL, TWO_COLUMNS
from erasepro.report.tables import Table
from erasepro.results.recognition import ALL
from erasepro.results.results_json import Results
from erasepro.results.stored_recognition import read_recognition_rates

ROLES = ("target", "retain", "anchor")
"""Prompts that a concept's change is of; of a concept that several have, the first."""
CELL, ROW = 0.115, 0.17
"""Least inches of a cell: names stand upright below the columns."""
NUMBERS = 0.24
"""Inches of a cell from which on its number is written into it."""
BESIDE = 1.9
"""Inches of the names of the rows and of the scale of colours."""


@dataclass(frozen=True)
class Interference:
    """One method's changes of recognition.

    Attributes:
        rows: what each row's runs erase, all their targets.
        columns: concepts, those that are erased first.
        change: (rows, columns): share of images that show the column's concept, edited − original, on the same prompts and
            seeds, as the mean over the row's runs; NaN where no prompt asked for it.
    """

    method: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    change: tuple[tuple[float, ...], ...]


def collect_interference(runs: Sequence[Results]) -> list[Interference]:
    """A map a method, all with the same columns.

    Raises:
        UserError: as `means.judged` does, or no run holds rates by concept.
    """
    having = [run for run in judged(runs, "interference", ("target",)) if _changes(run)]
    if not having:
        raise UserError(
            f"kind=interference needs recognised shares by concept in both models, which {names_of(runs)} lack: give the runs' "
            "command again with the original's pictures."
        )
    changes = [_changes(run) for run in having]
    targets = [tuple(target for target, _ in run.settings.pairs) for run in having]
    named = [name for row in targets for name in row] + [name for change in changes for name in change]
    columns = tuple(name for name in dict.fromkeys(named) if any(name in change for change in changes))
    maps, lines = [], name_lines(having)
    for line in dict.fromkeys(lines):
        rows = tuple(dict.fromkeys(row for row, of in zip(targets, lines, strict=True) if of == line))
        cells = []
        for row in rows:
            own = [c for c, r, of in zip(changes, targets, lines, strict=True) if (r, of) == (row, line)]
            cells.append(tuple(_mean([c[name] for c in own if name in c]) for name in columns))
        maps.append(Interference(line, rows, columns, tuple(cells)))
    return maps


def _changes(run: Results) -> Mapping[str, float]:
    """By concept, what the edit does to its recognition over all wordings."""
    first: dict[str, tuple[int, float]] = {}
    for rates in read_recognition_rates(run.recognition_by_concept):
        if rates.phrasing != ALL or rates.role not in ROLES or not rates.concept_shown.n or not rates.original.n:
            continue
        place, change = ROLES.index(rates.role), rates.concept_shown.value - rates.original.value
        if math.isfinite(change) and place < first.get(rates.group, (len(ROLES), 0.0))[0]:
            first[rates.group] = place, change
    return {name: change for name, (_, change) in first.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def name_row(targets: Sequence[str]) -> str:
    """What a row erases; of many concepts the first and how many more."""
    return ", ".join(targets) if len(targets) <= 2 else f"{targets[0]} and {len(targets) - 1} more"


def draw_interference(path: Path, runs: Sequence[Results]) -> Path:
    """Write the figure: a panel a method below one another; cells of a row's own targets are framed.

    It is one or two columns of a paper wide, and wider where so many concepts would not be readable.

    Raises:
        UserError: as `collect_interference` and `page.paper_page` do.
    """
    maps = collect_interference(runs)
    columns = maps[0].columns
    width = COLUMN if len(columns) * NUMBERS + BESIDE <= COLUMN else max(TWO_COLUMNS, BESIDE + CELL * len(columns))
    cell = (width - BESIDE) / len(columns)
    row = max(ROW, min(cell, 0.25))
    heights = [row * len(part.rows) + 0.3 for part in maps]
    with paper_page(path, width, sum(heights) + 0.9) as page:
        plots = page.axes(len(maps), 1, height_ratios=heights, sharex=True)
        for plot, part in zip(plots, maps, strict=True):
            image = _draw_map(page, plot, part, cell)
        names = page.labels(columns, 0.9)
        plots[-1].set_xticks(range(len(names)), names, rotation=90, fontsize=SMALL)
        plots[-1].set_xlabel("measured")
        bar = page.figure.colorbar(image, ax=plots, aspect=12 * max(1.0, sum(heights) / 2), pad=0.02)
        bar.set_label("change of recognition", fontsize=SMALL)
        bar.outline.set_visible(False)
    return path


def _draw_map(page: Page, plot: Any, part: Interference, cell: float) -> Any:
    from matplotlib.patches import Rectangle

    plot.patch.set(hatch="/////", edgecolor=HATCH, linewidth=0)  # behind the picture: seen where a cell holds no number
    image = plot.imshow(
        [list(line) for line in part.change], cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    plot.grid(False)
    plot.tick_params(length=0)
    for i, (targets, line) in enumerate(zip(part.rows, part.change, strict=True)):
        for j, (name, value) in enumerate(zip(part.columns, line, strict=True)):
            if name in targets:
                plot.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=0.8, zorder=3))
            text = _cell_text(value, cell)
            if text:
                ink = "white" if abs(value) > 0.6 else "black"
                plot.text(j, i, text, color=ink, fontsize=6, ha="center", va="center")
    plot.set_yticks(range(len(part.rows)), page.labels([name_row(row) for row in part.rows], 1.1), fontsize=SMALL)
    plot.set_ylabel("erased")
    plot.set_title(page.labels([part.method], page.width - BESIDE)[0], loc="left")
    for spine in plot.spines.values():
        spine.set_visible(False)
    return image


def _cell_text(value: float, inches: float) -> str:
    """The number in a cell; where it does not fit "+" of one that grows, so that a grey print tells it from one that falls."""
    if math.isnan(value):
        return ""
    if inches < NUMBERS:
        return "+" if value >= 0.05 else ""
    return f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−")


def interference_tables(runs: Sequence[Results]) -> list[Table]:
    """The numbers of the figure: a table a method."""
    maps = collect_interference(runs)
    note = "share of images that show the column's concept, edited − original; –: no prompt asked for it. "
    note += left_out(runs, [run for run in runs if _changes(run)])
    return [
        Table(
            f"Change of recognition when the row's concepts are erased: {part.method}",
            ("erased", *part.columns),
            tuple(
                (name_row(row), *("–" if math.isnan(value) else f"{value:+.2f}" for value in line))
                for row, line in zip(part.rows, part.change, strict=True)
            ),
            note.strip(),
        )
        for part in maps
    ]
