"""Figures of a search: a solver's settings by what they do to features, and by what they draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from erasepro.report.figures.page import paper_page
from erasepro.report.figures.style import COLOURS, mark
from erasepro.results.pareto_front import front

AXES = (("target", "kept"), ("target", "anchor"), ("fd", "kept"), ("anchors_kept", "synonym_anchor"))
"""Pairs of objectives that are drawn against one another."""
PANEL = 2.3
"""Inches of a panel's sides."""


def draw_search(
    path: Path,
    solver: str,
    features: Sequence[tuple[float, float]],
    drawn: Sequence[Mapping[str, float]],
    names: Sequence[str],
    chosen: int | None,
) -> Path:
    """Write one figure: residual against drift of every trial, the front joined; then pairs of objectives.

    Args:
        path: of the figure; its suffix says what kind (.pdf, .png, .svg).
        solver: stands in the title.
        features: (residual, drift) of each trial of the first stage.
        drawn: the objectives of each setting that was drawn.
        names: how each of those is called in the legend.
        chosen: the place of the one that was chosen; it is drawn twice as large.
    """
    axes_of = [pair for pair in AXES if drawn and all(name in drawn[0] for name in pair)]
    with paper_page(path, PANEL * (1 + len(axes_of)), PANEL + 0.2) as page:
        first, *others = page.axes(1, 1 + len(axes_of))
        first.scatter([x for x, _ in features], [y for _, y in features], s=8, color=COLOURS[-1], linewidths=0)
        best = sorted(features[i] for i in front(features))
        first.plot([x for x, _ in best], [y for _, y in best], color=COLOURS[0])
        first.set_xlabel("residual (targets)")
        first.set_ylabel("drift (retained, anchors)")
        handles = {}
        for plot, (x, y) in zip(others, axes_of, strict=True):
            for place, row in enumerate(drawn):
                look = mark(place) | {"linestyle": "none", "markersize": 8 if place == chosen else 4}
                (handles[place],) = plot.plot(row[x], row[y], **look)
            plot.set_xlabel(x)
            plot.set_ylabel(y)
        title = f"{solver}: {len(features)} settings, {len(drawn)} of them drawn (development sets)"
        page.figure.suptitle(*page.labels([title], page.width - 0.2))
        page.legend([(handle, names[place]) for place, handle in handles.items()])
    return path
