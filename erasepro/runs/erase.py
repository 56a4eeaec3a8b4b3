"""From a job to its edit, with the residual on the test prompts measured beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from erasepro.concepts.mentions import find_words
from erasepro.concepts.pairs import ConceptSet
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.edit.generalization import measure_residual
from erasepro.errors import UserError
from erasepro.metrics.networks.judges import build_judge
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.load import load_shipped_judge
from erasepro.prompts.evaluation_prompts import EvaluationPrompt
from erasepro.results.training_curve import TRAINING
from erasepro.runtime.progress import stage
from erasepro.solvers import make_solver

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.base import Model
    from erasepro.runs.job import Job


def solve_edit(model: Model, job: Job) -> tuple[Edit, float, dict[str, float] | None]:
    """Solve for the edit of a job. The model is not touched.

    Returns:
        The edit; the solver's own seconds; the relative residual over the target columns of the test prompts (see
        `measure_residual`), None where no test prompt names a target.
    """
    solver = make_solver(job.spec.solver)
    solver.statistics = open_statistics(job.spec.statistics, job.spec.statistics_limit)
    solver.folder = job.folder.path / TRAINING
    solver.load_judge = lambda: build_judge(job.spec.metrics.judge, lambda: load_shipped_judge(job.spec.model), [], [])
    start = time.perf_counter()
    edit = solver.solve(model, job.edit_prompts).scale(job.spec.strength)
    seconds = time.perf_counter() - start
    check_measured(edit.residuals, job.spec.model.name)
    pairs = residual_pairs(job.evaluation_prompts, job.concepts)
    if not pairs:
        return edit, seconds, None
    with stage("Measuring on test prompts"):
        return edit, seconds, measure_residual(model, edit, pairs)


def check_measured(residuals: Mapping[str, Any], model: str) -> None:
    """Raise UserError where what an edit does could not be measured: layers that give zeros for the anchor have no size.

    Args:
        residuals: of a fresh edit (`Edit.residuals`).
        model: its base model's name.
    """
    held_out = residuals.get("held_out") or {}
    if any(isinstance(value, float) and not math.isfinite(value) for value in held_out.values()):
        raise UserError(
            f"The layers of {model!r} give zeros or no numbers for the sentences of this edit, so nothing can be measured or "
            "erased: its weights are zeros or damaged; fetch the model again."
        )


def residual_pairs(tests: Iterable[EvaluationPrompt], concepts: ConceptSet) -> list[PromptPair]:
    """Each different test prompt about a target, beside the same sentence about its anchor where there is one."""
    of = {pair.target: pair for pair in concepts.pairs}
    paired: dict[str, PromptPair] = {}
    for test in tests:
        pair = of.get(test.concept)
        if pair is not None and pair.anchor and not test.anchor_prompt:
            continue  # a published prompt: nobody has written the same sentence about the anchor
        if test.role == "target" and pair is not None and find_words(test.prompt, pair.target):
            paired[test.prompt] = PromptPair(test.prompt, test.anchor_prompt, pair)
    return list(paired.values())
