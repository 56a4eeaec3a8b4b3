"""The kinds of figures by name: what ``kind=`` takes, and what a study can name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from erasepro.errors import UserError, unknown
from erasepro.report.figures.page import checked_path
from erasepro.report.tables import Table
from erasepro.results.results_json import Results

FIGURES = {
    "depth": "erasepro.report.figures.depth",
    "pareto": "erasepro.report.figures.pareto",
    "concepts": "erasepro.report.figures.concepts",
    "dose": "erasepro.report.figures.dose",
    "thresholds": "erasepro.report.figures.thresholds",
    "interference": "erasepro.report.figures.interference",
}
"""Kind → module, which holds ``draw_KIND(path, runs)`` and ``KIND_tables(runs)``."""
DEFAULT = "depth"


def draw_figure(kind: str, path: str | Path, runs: Sequence[Results], x: str | None = None) -> Path:
    """Write a figure of runs; its path.

    Args:
        kind: which of `FIGURES`.
        path: its suffix says what it is: .pdf, .png or .svg.
        runs: results of finished runs.
        x: for ``dose`` the setting on the x axis; None: the one in which the runs differ.

    Raises:
        UserError: another kind or suffix, ``x`` for another kind, no matplotlib, or the runs lack what the kind shows.
        OSError: the file cannot be written.
    """
    options = _options(kind, x)
    drawn: Path = getattr(_module(kind), f"draw_{kind}")(checked_path(path), runs, **options)
    return drawn


def figure_tables(kind: str, runs: Sequence[Results], x: str | None = None) -> list[Table]:
    """The numbers of a figure as tables; arguments and UserError as `draw_figure`. No matplotlib is needed."""
    options = _options(kind, x)
    tables: list[Table] = getattr(_module(kind), f"{kind}_tables")(runs, **options)
    return tables


def _module(kind: str) -> Any:
    if kind not in FIGURES:
        raise unknown("kind of figure", kind, FIGURES)
    return importlib.import_module(FIGURES[kind])


def _options(kind: str, x: str | None) -> dict[str, str]:
    if x is not None and kind in FIGURES and kind != "dose":
        raise UserError(f"x={x} is the x axis of kind=dose; kind={kind} has its own: leave x= out.")
    return {} if x is None or kind != "dose" else {"x": x}
