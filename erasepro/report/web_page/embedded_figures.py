"""Figures of a page: as SVG inside the file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from erasepro.errors import UserError
from erasepro.report.figures.registry import draw_figure
from erasepro.results.results_json import Results


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure's SVG, and what it shows."""

    title: str
    svg: bytes


TITLES = {
    "depth": "Residual and change by depth",
    "pareto": "Erased against kept",
    "concepts": "By the number of concepts",
    "dose": "Dose and response",
    "thresholds": "Detections by threshold",
    "interference": "Erase one, measure the others",
}
"""Kind of figure -> its title."""


def embed_figures(
    runs: Sequence[Results], kinds: Sequence[tuple[str, str]], head: str = ""
) -> tuple[list[EmbeddedFigure], list[str]]:
    """The figures that can be drawn of runs, and a line for each that cannot.

    Args:
        kinds: (kind, x axis or "").
        head: what all of the runs are, in front of each title.
    """
    figures, problems = [], []
    with tempfile.TemporaryDirectory() as place:
        for kind, x in kinds:
            title = ": ".join(filter(None, [head, TITLES[kind] + (f", by {x}" if x else "")]))
            try:
                path = draw_figure(kind, Path(place) / "figure.svg", runs, x or None)
            except UserError as error:
                problems.append(f"{title}: {error}")
                continue
            figures.append(EmbeddedFigure(title, path.read_bytes()))
    return figures, problems
