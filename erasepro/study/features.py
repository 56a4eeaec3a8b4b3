"""First stage of a search: what a setting does to the features of development sentences, without a picture."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from erasepro.concepts.load import load_concepts
from erasepro.edit.generalization import measure_drift, measure_residual
from erasepro.errors import UserError
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.load import load_model
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.prompts.sets import load_prompts
from erasepro.runs.erase import residual_pairs
from erasepro.solvers import make_solver
from erasepro.study.tuning_plan import TuningPlan

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
    from erasepro.models.base import Model
    from erasepro.runs.spec import RunSpec


@dataclass(frozen=True)
class FeatureResult:
    """What one setting did, the mean over the sets.

    residual: ‖W x − W_o y‖ / ‖W_o y‖ on development sentences about the targets. drift: ‖W k_e − W_o k‖ / ‖W_o k‖ on those
    about retained concepts and about the anchors, the mean of both. seconds: of all sets.
    """

    residual: float
    drift: float
    seconds: float


@dataclass(frozen=True)
class _Sentences:
    """Of one set: what an edit is fitted on, and what it is measured on."""

    fitted: EditPrompts
    targets: Sequence[PromptPair]
    kept: Sequence[Sequence[str]]
    """Retained concepts' sentences, and the anchors'."""


class FeatureStage:
    """Measures settings on the sets of a plan. Sentences are made once, the model is loaded once."""

    def __init__(self, plan: TuningPlan) -> None:
        self.plan = plan
        self._sentences: dict[str, _Sentences] = {}

    @cached_property
    def model(self) -> Model:
        """The plan's model, loaded when it is first asked for."""
        return load_model(self.plan.spec(self.plan.solvers[0], self.plan.sets[0]).model)

    def measure(self, preset: str, words: Sequence[str]) -> FeatureResult:
        """Solve one setting on every set, and measure it.

        Raises:
            UserError: the setting is refused, or gives no numbers.
        """
        start, residuals, drifts = time.perf_counter(), [], []
        for concepts in self.plan.sets:
            spec = self.plan.spec(preset, concepts, words)
            sentences = self._of(concepts, spec)
            solver = make_solver(spec.solver)
            solver.statistics = open_statistics(spec.statistics, spec.statistics_limit)
            edit = solver.solve(self.model, sentences.fitted)
            residuals.append(measure_residual(self.model, edit, sentences.targets)["residual"])
            kept = [measure_drift(self.model, edit, texts) for texts in sentences.kept if texts]
            drifts.append(sum(kept) / len(kept) if kept else 0.0)
        result = FeatureResult(_mean(residuals), _mean(drifts), time.perf_counter() - start)
        if not (math.isfinite(result.residual) and math.isfinite(result.drift)):
            raise UserError(f"The setting gives no numbers (residual {result.residual}, drift {result.drift}).")
        return result

    def _of(self, concepts: str, spec: RunSpec) -> _Sentences:
        if concepts not in self._sentences:
            found = load_concepts(spec.concepts, spec.vocabulary)
            chosen = spec.generation
            tests = load_prompts(
                spec.prompts, found, chosen.split, per_concept=chosen.prompts_per_concept,
                least_targets=chosen.target_prompts, max_retain=chosen.max_retain, neighbors=(), seed=spec.seed,
            )  # fmt: skip
            pairs = residual_pairs(tests, found)
            if not pairs:
                raise UserError(f"{concepts!r} has no sentence about a target with an anchor: choose other sets=[…].")
            self._sentences[concepts] = _Sentences(
                make_edit_prompts(found, spec.sentences, read_lexicon(self.model.pipe)),
                pairs,
                [[test.prompt for test in tests if test.role == role] for role in ("retain", "anchor")],
            )
        return self._sentences[concepts]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
