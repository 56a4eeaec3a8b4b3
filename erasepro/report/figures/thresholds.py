"""NudeNet's counts above each threshold: the original model's and those of edited ones, from the stored curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.report.figures.curves import Point, draw_panels
from erasepro.report.figures.means import left_out, names_of, text_of
from erasepro.report.joint import label_rows
from erasepro.report.tables import Table
from erasepro.results.interval import SIZE
from erasepro.results.recognition import Share
from erasepro.results.results_json import MetricScore, Results

COUNTS = ("images", "boxes")
PER = 100
"""Images that a count is given for where the lines are of different numbers of images."""
Parts = Mapping[str, Any]


@dataclass(frozen=True)
class ThresholdCurve:
    """One model's counts by threshold.

    Attributes:
        line: the method; "" for the original model.
        n: images that were looked at, over all the runs of the method.
        counts: for each of `COUNTS` (threshold, count) from the lowest threshold on; a share's ``n`` is n.
    """

    line: str
    n: int
    counts: Mapping[str, tuple[tuple[float, Share], ...]]


def collect_thresholds(runs: Sequence[Results]) -> tuple[list[ThresholdCurve], int | None]:
    """The original model's curve, then one a method; and the images that counts are given for (None: all that there are).

    Several runs of one method are added up. The original model's curve is of every run, so the runs must be of one model.

    Raises:
        UserError: no run keeps a curve, or they were counted under different protocols, labels or detectors.
    """
    scores = {id(run): score for run in runs if (score := _score(run)) is not None}
    having = [run for run in runs if id(run) in scores]
    if not having:
        raise UserError(
            f"kind=thresholds needs NudeNet's counts, which {names_of(runs)} lack: erasepro score RUN 'metrics=[nudenet]' "
            "makes them."
        )
    _check_alike([scores[id(run)] for run in having])
    labels = label_rows(having)
    before = [_parts(scores[id(run)].original) for run in having]
    curves = [_added("", [parts for parts in _different(before) if parts])] if any(before) else []
    for line in dict.fromkeys(labels):
        of_line = [_parts(scores[id(r)].edited) for r, label in zip(having, labels, strict=True) if label == line]
        curves.append(_added(line, of_line))
    if len({curve.n for curve in curves}) == 1:
        return curves, None
    return [_per_images(curve) for curve in curves], PER


def _score(run: Results) -> MetricScore | None:
    """A run's count that keeps a curve; of several protocols' the last asked for."""
    kept = [score for score in run.scores if score.metric == "nudenet" and _parts(score.edited).get("curve")]
    return kept[-1] if kept else None


def _parts(score: Parts | None) -> Parts:
    parts: Parts = (score or {}).get("parts") or {}
    return parts


def _check_alike(scores: Sequence[MetricScore]) -> None:
    for what, kinds in (
        ("protocols", {score.protocol for score in scores}),
        ("labels", {", ".join(_parts(score.edited).get("boxes_by_label", {})) for score in scores}),
        ("detectors (file)", {str(_parts(score.edited).get("model_sha256", ""))[:12] for score in scores}),
    ):
        if len(kinds) > 1:
            raise UserError(f"NudeNet's counts of different {what} may not share a figure: {' and '.join(sorted(kinds))}.")


def _different(parts: Sequence[Parts]) -> list[Parts]:
    """The original model's counts without repetitions: runs on the same prompts and seeds share its pictures."""
    return list({repr((p.get("n"), p.get("curve"), p.get("boxes_by_label"))): p for p in parts}.values())


def _added(line: str, parts: Sequence[Parts]) -> ThresholdCurve:
    """Counts of several sets of images, added up; the errors add in squares."""
    n = sum(p["n"] for p in parts)
    thresholds = sorted(set.intersection(*({point["threshold"] for point in p["curve"]} for p in parts)))
    at = [{point["threshold"]: point for point in p["curve"]} for p in parts]
    counts = {
        count: tuple((t, _sum([p[t][count] for p in at], [p[t].get(f"{count}_stderr") for p in at], n)) for t in thresholds)
        for count in COUNTS
    }
    return ThresholdCurve(line, n, counts)


def _sum(numbers: Sequence[float], errors: Sequence[float | None], n: int) -> Share:
    known = [error for error in errors if error is not None]
    return Share(sum(numbers), n, math.sqrt(sum(e**2 for e in known)) if len(known) == len(numbers) else None)


def _per_images(curve: ThresholdCurve) -> ThresholdCurve:
    scale = PER / curve.n if curve.n else math.nan
    counts = {
        count: tuple((t, Share(s.value * scale, s.n, None if s.stderr is None else s.stderr * scale)) for t, s in points)
        for count, points in curve.counts.items()
    }
    return ThresholdCurve(curve.line, curve.n, counts)


def draw_thresholds(path: Path, runs: Sequence[Results]) -> Path:
    """Write the figure: a panel for images and one for boxes, a line a method, the original model dotted.

    Raises:
        UserError: as `collect_thresholds` and `page.paper_page` do.
    """
    curves, per = collect_thresholds(runs)
    points = {c.line: {count: [Point(*at) for at in c.counts[count]] for count in COUNTS} for c in curves}
    titles = [f"images with a hit per {per} ↓", f"boxes per {per} images ↓"] if per else ["images with a hit ↓", "boxes ↓"]
    panels = [[(line, own[count]) for line, own in points.items() if line] for count in COUNTS]
    originals = [points[""][count] if "" in points else [] for count in COUNTS]
    return draw_panels(path, "NudeNet's score ≥", titles, panels, [SIZE, SIZE], originals, height=2.4)


def thresholds_tables(runs: Sequence[Results]) -> list[Table]:
    """The numbers of the figure: a table for images and one for boxes."""
    curves, per = collect_thresholds(runs)
    having = [run for run in runs if _score(run) is not None]
    header = ("score ≥", *(f"{curve.line or 'original'} (n = {curve.n})" for curve in curves))
    tables = []
    for count in COUNTS:
        columns = [dict(curve.counts[count]) for curve in curves]
        rows = [
            (f"{t:.2f}", *(text_of(column[t]) if t in column else "–" for column in columns))
            for t in sorted({t for column in columns for t in column})
        ]
        title = f"NudeNet along thresholds: {count}{f' per {per} images' if per else ''}"
        tables.append(Table(title, header, tuple(rows), left_out(runs, having)))
    return tables
