"""How much of the judge's softmax over its class list goes to the row's own concept (as MACE counts)."""

from __future__ import annotations

from typing import Any

from erasepro.metrics.configs import ProbabilityConfig
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans, empty_values
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score


@METRICS.register("clip_probability", config=ProbabilityConfig)
class ClipProbability(Metric):
    """Mean softmax probability of the prompt's own concept, on target prompts (lower: better erased).

    Rows whose concept is not in the judge's class list (styles) are left out of n; an image that cannot be named
    counts 0.
    """

    version = 2
    higher_is_better = False
    number_kind = "share"
    recognizes = True

    def __init__(self, config: ProbabilityConfig) -> None:
        self.config = config
        self._means = PromptMeans()

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count the rows whose concept is a class of the judge; per image the probability of that class, 0 to 1."""
        place = {concept: i for i, concept in enumerate(batch.prediction.concepts)}
        out = empty_values(batch.rows)
        for i, row in enumerate(batch.rows):
            if row.concept in place and not row.asks_for_style:
                is_recognised = batch.prediction.concept[i] is not None
                probability = float(batch.prediction.concept_prob[i, place[row.concept]]) if is_recognised else 0.0
                self._means.add(row, probability)
                out[i] = {self.name: probability}
        return out

    def compute(self) -> Score:
        """The mean probability over images of ``role``, with the means of the other roles as its parts."""
        return self._means.score(self.name, self.config.role, self.config.role not in ("target", "synonym"))
