"""Erased against kept: a point a method with its error bars, and the front of those that none other beats in both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from erasepro.report.figures.means import NOTHING, bar, judged, left_out, mean_share, rates_of, text_of
from erasepro.report.figures.page import paper_page
from erasepro.report.figures.style import COLUMN, REFERENCE, mark
from erasepro.report.joint import label_rows
from erasepro.report.tables import RETENTION, Table
from erasepro.results.interval import SHARE, SIZE
from erasepro.results.pareto_front import front
from erasepro.results.recognition import Share
from erasepro.results.results_json import Results

ROLES = ("target", "retain")


@dataclass(frozen=True)
class ParetoPoint:
    """A method in numbers; each is the mean over its runs.

    Attributes:
        erased: share of the edited model's images of target prompts that no longer show their target.
        kept: the edited model's accuracy on the other concepts over the original's; NaN where the original shows none.
        before: share of the original model's images of target prompts that do not show their target.
        is_best: no other method has more of both.
    """

    method: str
    runs: int
    erased: Share
    kept: Share
    before: Share
    is_best: bool = False


def collect_pareto(runs: Sequence[Results]) -> list[ParetoPoint]:
    """A point a method, in the order of the runs. Raises UserError as `means.judged` does."""
    having = judged(runs, "pareto", ROLES)
    labels = label_rows(having)
    points = []
    for method in dict.fromkeys(labels):
        of_method = [run for run, label in zip(having, labels, strict=True) if label == method]
        rates = [(rates_of(run, "target"), rates_of(run, "retain")) for run in of_method]
        erased = mean_share([_rest(target.concept_shown) for target, _ in rates if target])
        before = mean_share([_rest(target.original) for target, _ in rates if target])
        kept = mean_share([retain.retention if retain else NOTHING for _, retain in rates])
        points.append(ParetoPoint(method, len(of_method), erased, kept, before))
    numbers = [i for i, point in enumerate(points) if not math.isnan(point.kept.value)]
    best = {numbers[i] for i in front([(-points[k].erased.value, -points[k].kept.value) for k in numbers])}
    return [replace(point, is_best=i in best) for i, point in enumerate(points)]


def _rest(share: Share) -> Share:
    return replace(share, value=1 - share.value)


def draw_pareto(path: Path, runs: Sequence[Results]) -> Path:
    """Write the figure; methods whose retention is not known are in the table alone.

    Raises:
        UserError: as `collect_pareto` and `page.paper_page` do.
    """
    points = collect_pareto(runs)
    with paper_page(path, COLUMN, 2.6) as page:
        (plot,) = page.axes()
        entries = []
        for place, point in enumerate(points):
            if math.isnan(point.kept.value):
                continue
            behind = sum(_place(other) == _place(point) for other in points[place + 1 :])  # larger, so that it is seen
            look = mark(place) | {"linestyle": "none"} | ({"markeredgecolor": "black"} if point.is_best else {})
            size = (6 if point.is_best else 5) + 3 * min(behind, 4)
            plot.errorbar(
                point.erased.value, point.kept.value,
                xerr=_reach(point.erased, is_share=True), yerr=_reach(point.kept, is_share=False),
                elinewidth=0.7, capsize=1.5, markersize=size, markeredgewidth=0.8, zorder=3, **look,
            )  # fmt: skip
            entries.append((page.handle(look | {"markersize": 6}), point.method))
        best = sorted((point.erased.value, point.kept.value) for point in points if point.is_best)
        (line,) = plot.plot(
            [x for x, _ in best], [y for _, y in best], color="black", linewidth=0.8, drawstyle="steps-pre", zorder=2
        )
        before = mean_share([point.before for point in points])
        (original,) = plot.plot(before.value, 1.0, color=REFERENCE["color"], marker="*", markersize=7, linestyle="none")
        plot.set_xlabel("erased (target not shown) →")
        plot.set_ylabel("kept (others, edited/original) →")
        page.legend([*entries, (line, "Pareto front"), (original, "original model")])
    return path


def _place(point: ParetoPoint) -> tuple[float, float]:
    return round(point.erased.value, 2), round(point.kept.value, 2)


def _reach(share: Share, is_share: bool) -> list[list[float]]:
    low, high = bar(share, SHARE if is_share else SIZE)
    return [[low], [high]]


def pareto_tables(runs: Sequence[Results]) -> list[Table]:
    """The numbers of the figure."""
    points = collect_pareto(runs)
    rows = [
        (p.method, str(p.runs), text_of(p.erased), text_of(p.kept), "yes" if p.is_best else "", str(p.erased.n))
        for p in points
    ]
    note = left_out(runs, judged(runs, "pareto", ROLES))
    header = ("method", "runs", "erased ↑", f"{RETENTION} ↑", "on the front", "images of targets")
    return [Table("Erased against kept", header, tuple(rows), note)]
