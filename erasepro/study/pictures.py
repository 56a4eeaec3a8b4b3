"""Second stage of a search: what a setting draws on every development set, each an ordinary run in the study's folder."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from erasepro.errors import UserError
from erasepro.runs.override_words import override_words
from erasepro.runs.run import run
from erasepro.study.objectives import OBJECTIVES, objectives
from erasepro.study.tuning_plan import TuningPlan


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
            given = [*words, *override_words({"outputs.dir": self.folder}), f"name={preset}-{concepts.rpartition('/')[2]}"]
            with redirect_stdout(io.StringIO()):
                rows.append(objectives(run(self.plan.spec(preset, concepts, given))))
        names = [o.name for o in OBJECTIVES if any(o.name in row for row in rows)]
        if "target" not in names:
            raise UserError("The runs have no recognition rates: choose metrics=[clip_accuracy_top1,…] and a judge.")
        values = {name: [row[name] for row in rows if name in row] for name in names}
        return {name: sum(found) / len(found) for name, found in values.items()}, time.perf_counter() - start
