"""Second stage of a search: what a setting draws on every development set, each an ordinary run in the study's folder."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.errors import UserError
from erasepro.runs.run import run
from erasepro.study.tuning_plan import TuningPlan

if TYPE_CHECKING:
    from erasepro.results.results_json import Results


@dataclass(frozen=True)
class Objective:
    """One thing that a setting is judged by.

    weight: its share of the score by which one setting of the front is chosen; 0: it only breaks ties.
    """

    name: str
    larger_is_better: bool
    weight: float


OBJECTIVES = (
    Objective("target", False, 2.0),  # share of target pictures that still show the target
    Objective("anchor", True, 1.0),  # that show the anchor
    Objective("kept", True, 2.0),  # other concepts: accuracy over the original's
    Objective("anchors_kept", True, 1.0),  # the anchors' own pictures: the same
    Objective("synonym_anchor", True, 0.5),  # pictures under a target's other names that show the anchor
    Objective("fd", False, 0.0),  # Fréchet distance of the retained pictures, judge's features (fd_miniature)
)
"""What pictures are judged by, means over the sets; those that a model has no numbers for are left out."""


def score(values: Mapping[str, float]) -> float:
    """Weighted mean of what is good of 1: shares as they are, what is to be small from 1 down; kept counts to 1 at most."""
    total = weight = 0.0
    for objective in OBJECTIVES:
        if objective.weight and objective.name in values:
            value = values[objective.name]
            total += objective.weight * (min(value, 1.0) if objective.larger_is_better else 1 - value)
            weight += objective.weight
    return total / weight if weight else math.nan


class PictureStage:
    """Draws settings on the sets of a plan. What is drawn already is not drawn again.

    Args:
        plan: the study's.
        folder: where the runs go.
    """

    def __init__(self, plan: TuningPlan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder

    def measure(self, preset: str, words: Sequence[str]) -> tuple[dict[str, float], float]:
        """The objectives of one setting, means over the sets, and its seconds.

        Raises:
            UserError: a run is refused, or none of the objectives has a number.
        """
        start, rows = time.perf_counter(), []
        for concepts in self.plan.sets:
            given = [*words, f"outputs.dir={_quoted(self.folder)}", f"name={preset}-{concepts.rpartition('/')[2]}"]
            with redirect_stdout(io.StringIO()):
                rows.append(objectives(run(self.plan.spec(preset, concepts, given))))
        names = [o.name for o in OBJECTIVES if any(o.name in row for row in rows)]
        if "target" not in names:
            raise UserError("The runs have no recognition rates: choose metrics=[clip_accuracy_top1,…] and a judge.")
        values = {name: [row[name] for row in rows if name in row] for name in names}
        return {name: sum(found) / len(found) for name, found in values.items()}, time.perf_counter() - start


def objectives(results: Results) -> dict[str, float]:
    """What one run's pictures say, by the names of `OBJECTIVES`; what was not counted is absent."""
    rows = {row["role"]: row for row in results.recognition if row["phrasing"] == "all" and not row["group"]}
    found = {
        "target": _share(rows, "target", "concept_shown"),
        "anchor": _share(rows, "target", "anchor_shown"),
        "kept": _share(rows, "retain", "retention"),
        "anchors_kept": _share(rows, "anchor", "retention"),
        "synonym_anchor": _share(rows, "synonym", "anchor_shown"),
        "fd": next((v.value for v in results.values if v.metric == "fd_miniature" and not v.role), None),
    }
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _share(rows: Mapping[str, Mapping[str, Any]], role: str, kind: str) -> float | None:
    value = rows.get(role, {}).get(kind, {}).get("value")
    return None if value is None else float(value)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "\\'") + "'"
