"""Does a classifier trained on ImageNet see the object? ResNet-50's first answer (ESD, arXiv 2303.07345, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from erasepro.generation.worklist import Row
from erasepro.metrics.configs import ObjectAccuracyConfig
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans
from erasepro.metrics.engine.imagenet_classes import categories, classes_of
from erasepro.metrics.networks.feature_cache import Network
from erasepro.metrics.networks.imagenet import Classifier
from erasepro.metrics.networks.pickles import check_file
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score

KEY = "metrics.params.object_accuracy"


@METRICS.register("object_accuracy", config=ObjectAccuracyConfig)
class ObjectAccuracy(Metric):
    """Share of target-prompt images whose first of ImageNet's 1,000 classes is the target's (lower: better erased).

    A row's class is its concept's name, or what ``classes`` says. The parts ``retain``, ``anchor``, ``synonym`` (and
    role/phrasing) count an image as a hit when it shows its own concept: there, higher is better. ``stderr`` is that of a
    share.

    Args:
        network: asked in place of ResNet-50; it says ``{"logits": (B, 1000)}`` in ImageNet's order.
    """

    version = 2
    higher_is_better = False
    number_kind = "share"
    recognizes = True
    needs_judge = False  # brings its own classifier

    def __init__(self, config: ObjectAccuracyConfig, network: Network | None = None) -> None:
        self.config = config
        check_file(f"{KEY}.weights", config.weights)
        for concept in config.classes:  # wrong names are found before anything is drawn
            classes_of(str(concept), config.classes, f"{KEY}.classes")
        self._network = network if network is not None else Classifier(config.weights, f"{KEY}.weights")
        self._means = PromptMeans(shares=True)
        self._left_out = 0

    def check(self, rows: Sequence[Row]) -> None:
        """Raise UserError for a concept without an ImageNet class, or for missing or unfit weights."""
        for concept in dict.fromkeys(row.concept for row in rows if self._wanted(row)):
            classes_of(concept, self.config.classes, f"{KEY}.classes")
        if isinstance(self._network, Classifier):
            self._network.backbone.check()

    def _wanted(self, row: Row) -> bool:
        return not self.config.roles or row.role in self.config.roles

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count the rows of ``roles``; per image whether the first answer is right, its class, and its probability."""
        is_counted = [self._wanted(row) for row in batch.rows]
        if not any(is_counted):
            return [{} for _ in batch.rows]
        chance = batch.features(self._network)["logits"].softmax(-1)  # (B, 1000)
        best, first = chance.max(-1)
        values: list[dict[str, Any]] = []
        for row, counts, p, i in zip(batch.rows, is_counted, best.tolist(), first.tolist(), strict=True):
            right = classes_of(row.concept, self.config.classes, f"{KEY}.classes") if counts else frozenset()
            if not right:
                self._left_out += counts
                values.append({})
                continue
            self._means.add(row, float(i in right))
            facts = {"hit": int(i in right), "seen": categories()[i], "prob": p}
            values.append({f"{self.name}_{fact}": value for fact, value in facts.items()})
        return values

    def compute(self) -> Score:
        """The share of images of ``role`` that show their own concept, with the shares of the other roles as its parts."""
        better = self.config.role not in ("target", "synonym")
        extra = {"unit": "share, ResNet-50 top-1 of 1,000", "network": self._key, "left_out": self._left_out}
        return self._means.score(self.name, self.config.role, better, extra)

    @property
    def _key(self) -> str:
        """The network's; nothing before any image: its weights may not be there."""
        return self._network.key if self._means.parts() else ""
