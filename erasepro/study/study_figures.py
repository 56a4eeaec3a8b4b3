"""The figures of a study: of each of its tables those kinds that its file names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from erasepro.errors import UserError
from erasepro.report.figures.registry import draw_figure
from erasepro.results.results_json import Results
from erasepro.study.cells import Cell
from erasepro.study.study_folder import StudyPlan

SUFFIXES = (".pdf", ".png")


def axes_along(kind: str, x: str) -> tuple[str, ...]:
    """The axes of a study that a figure is drawn along: it shows their values side by side, in whichever tables they stand."""
    return ("concepts",) if kind == "concepts" else (x,) if x else ()


def draw_figures(plan: StudyPlan, runs: Sequence[tuple[Cell, Results]], place: Path) -> tuple[list[Path], list[str]]:
    """Draw the figures into a folder; the files, and a line for each figure that cannot be drawn of these runs.

    Args:
        runs: those that are done, in the order of their numbers.
        place: the folder, made where it is missing.
    """
    paths, problems = [], []
    for kind, x in plan.figures:
        along = axes_along(kind, x)
        for group in plan.by_table(runs, lambda run: run[0].labels, along).values():
            labels = [group[0][0].labels[axis] for axis in plan.tables if axis not in along]
            results = [one for _, one in group]
            name = "-".join(re.sub(r"[^\w.]+", "_", part) for part in (*labels, kind, *([x] if x else [])))
            try:
                place.mkdir(parents=True, exist_ok=True)
                paths += [draw_figure(kind, place / f"{name}{suffix}", results, x or None) for suffix in SUFFIXES]
            except UserError as error:
                problems.append(f"{name}: {error}")
    return paths, problems
