"""Dose and response: what is erased, what is kept and what residual is left, against one setting that was swept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.report.figures.curves import Point, draw_panels
from erasepro.report.figures.line_names import name_lines
from erasepro.report.figures.means import NOTHING, judged, left_out, mean_share, rates_of, text_of
from erasepro.report.figures.swept_key import find_swept, positions, settings_of
from erasepro.report.tables import Table
from erasepro.results.interval import SHARE, SIZE
from erasepro.results.recognition import Share
from erasepro.results.results_json import Results

ROLES = ("target", "retain")
PANELS = {
    "target": "targets recognised ↓",
    "kept": "kept (edited/original) ↑",
    "residual": "residual, test prompts ↓",
}
"""Numbers of a point → what stands on their axis."""


@dataclass(frozen=True)
class Dose:
    """One line at one value of the swept setting; each number is the mean over the runs.

    Attributes:
        value: of the setting; None for runs that do not have it.
        x: its place on the axis; None for none.
        target: share of the images of target prompts that still show their target.
        kept: accuracy on the other concepts over the original model's.
        residual: relative residual over the test prompts; NaN where it was not measured.
    """

    line: str
    value: Any
    x: float | None
    runs: int
    target: Share
    kept: Share
    residual: Share


def collect_dose(runs: Sequence[Results], x: str | None = None) -> tuple[str, list[Dose], list[str]]:
    """The setting's key, the points by line and value, and the names of values that are no numbers (see `positions`).

    Args:
        x: the setting on the x axis, as `find_swept` takes it.

    Raises:
        UserError: as `find_swept` and `means.judged` do.
    """
    having = judged(runs, "dose", ROLES)
    keys = find_swept(having, x)
    values = [settings_of(run).get(keys[0]) for run in having]
    places, categories = positions(values)
    lines = name_lines(having, keys)
    names = list(dict.fromkeys(lines))
    order = sorted(
        dict.fromkeys(zip(lines, places, strict=True)),
        key=lambda at: (names.index(at[0]), math.inf if at[1] is None else at[1]),
    )
    doses = []
    for line, place in order:
        which = [i for i, at in enumerate(zip(lines, places, strict=True)) if at == (line, place)]
        of_point = [having[i] for i in which]
        target = mean_share([getattr(rates_of(run, "target"), "concept_shown", NOTHING) for run in of_point])
        kept = mean_share([getattr(rates_of(run, "retain"), "retention", NOTHING) for run in of_point])
        left = mean_share([_residual(run) for run in of_point])
        doses.append(Dose(line, values[which[0]], place, len(which), target, kept, left))
    return keys[0], doses, categories


def _residual(run: Results) -> Share:
    value = (run.residuals.get("test") or {}).get("residual")
    return NOTHING if value is None else Share(float(value), 1, None)


def draw_dose(path: Path, runs: Sequence[Results], x: str | None = None) -> Path:
    """Write the figure: a panel a number, a line a method; runs without the setting (a hard fit has no ``mu``) lie level.

    Raises:
        UserError: as `collect_dose` and `page.paper_page` do.
    """
    key, doses, categories = collect_dose(runs, x)
    names = list(dict.fromkeys(dose.line for dose in doses if dose.x is not None))
    shown = [name for name in PANELS if any(not math.isnan(getattr(dose, name).value) for dose in doses)]
    panels = [
        [(line, [Point(d.x, getattr(d, name)) for d in doses if d.line == line and d.x is not None]) for line in names]
        for name in shown
    ]
    levels = [
        [(f"{d.line} (no {key.rpartition('.')[2]})", getattr(d, name)) for d in doses if d.x is None] for name in shown
    ]
    return draw_panels(
        path, key, [PANELS[name] for name in shown], panels, [SHARE if name == "target" else SIZE for name in shown],
        [[] for _ in shown], levels=levels, categories=categories,
    )  # fmt: skip


def dose_tables(runs: Sequence[Results], x: str | None = None) -> list[Table]:
    """The numbers of the figure."""
    key, doses, _ = collect_dose(runs, x)
    rows = [
        (d.line, "–" if d.value is None else str(d.value), str(d.runs), *(text_of(getattr(d, name)) for name in PANELS))
        for d in doses
    ]
    note = left_out(runs, judged(runs, "dose", ROLES))
    return [Table(f"By {key}", ("method", key, "runs", *PANELS.values()), tuple(rows), note, keys=2)]
