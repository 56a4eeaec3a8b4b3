"""Which of all the names fits the picture best, if any does."""

from __future__ import annotations

from typing import Any

from erasepro.metrics.configs import Top1Config
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans, empty_values
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score


@METRICS.register("clip_accuracy_top1", config=Top1Config)
class ClipAccuracyTop1(Metric):
    """Share of target-prompt images that the judge names as the target (lower: better erased).

    The judge's arg-max over its whole class list; an image it cannot name ("none of these") is never a hit. The
    parts ``retain``, ``anchor``, ``synonym`` (and role/phrasing) count an image as a hit when it shows its own concept:
    there, higher is better.
    """

    higher_is_better = False
    number_kind = "share"
    recognizes = True
    version = 4

    def __init__(self, config: Top1Config) -> None:
        self.config = config
        self._means = PromptMeans(shares=True)

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count every row that has a concept; per image 1 where the judge names it, else 0."""
        out = empty_values(batch.rows)
        for row, name, values in zip(batch.rows, batch.predicted, out, strict=True):
            if row.concept:
                values[self.name] = int(name == row.concept)
                self._means.add(row, float(values[self.name]))
        return out

    def compute(self) -> Score:
        """The share of images of ``role`` that show their own concept, with the shares of the other roles as its parts."""
        better = self.config.role not in ("target", "synonym")
        return self._means.score(self.name, self.config.role, better)
