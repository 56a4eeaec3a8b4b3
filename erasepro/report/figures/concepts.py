"""Accuracy against the number of concepts that are erased together: on the targets, and on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from erasepro.report.figures.curves import Point, draw_panels
from erasepro.report.figures.line_names import name_lines
from erasepro.report.figures.means import NOTHING, judged, left_out, mean_share, rates_of, text_of
from erasepro.report.tables import Table
from erasepro.results.interval import SHARE
from erasepro.results.recognition import Share
from erasepro.results.results_json import Results

ROLES = ("target", "retain")
PANELS = ("targets recognised ↓", "others recognised ↑")


@dataclass(frozen=True)
class ConceptsPoint:
    """A method at one number of concepts; shares of recognised images, each the mean over the runs."""

    method: str
    concepts: int
    runs: int
    target: Share
    retain: Share
    original_target: Share
    original_retain: Share


def collect_concepts(runs: Sequence[Results]) -> list[ConceptsPoint]:
    """A point a method and number of concepts, by both. Raises UserError as `means.judged` does."""
    having = judged(runs, "concepts", ROLES)
    keys = [
        (method, len(run.settings.pairs)) for method, run in zip(name_lines(having), having, strict=True)
    ]
    methods = list(dict.fromkeys(method for method, _ in keys))
    points = []
    for method, number in sorted(set(keys), key=lambda key: (methods.index(key[0]), key[1])):
        of_point = [run for run, key in zip(having, keys, strict=True) if key == (method, number)]
        shares = [
            mean_share([getattr(rates_of(run, role), of, NOTHING) for run in of_point])
            for of in ("concept_shown", "original")
            for role in ROLES
        ]
        points.append(ConceptsPoint(method, number, len(of_point), *shares))
    return points


def draw_concepts(path: Path, runs: Sequence[Results]) -> Path:
    """Write the figure: a panel for the targets and one for the others, a line a method, the original model dotted.

    Raises:
        UserError: as `collect_concepts` and `page.paper_page` do.
    """
    points = collect_concepts(runs)
    methods = list(dict.fromkeys(point.method for point in points))
    panels = [
        [(m, [Point(p.concepts, getattr(p, role)) for p in points if p.method == m]) for m in methods] for role in ROLES
    ]
    numbers = sorted({point.concepts for point in points})
    originals = [
        [Point(n, mean_share([getattr(p, f"original_{role}") for p in points if p.concepts == n])) for n in numbers]
        for role in ROLES
    ]
    return draw_panels(path, "concepts erased together", PANELS, panels, [SHARE, SHARE], originals, whole=True)


def concepts_tables(runs: Sequence[Results]) -> list[Table]:
    """The numbers of the figure."""
    rows = [
        (
            p.method, str(p.concepts), str(p.runs), text_of(p.original_target), text_of(p.target),
            text_of(p.original_retain), text_of(p.retain),
        )
        for p in collect_concepts(runs)
    ]  # fmt: skip
    header = ("method", "concepts", "runs", "targets, original", "targets ↓", "others, original", "others ↑")
    note = left_out(runs, judged(runs, "concepts", ROLES))
    return [Table("Share of recognised images by number of concepts", header, tuple(rows), note, keys=2)]
