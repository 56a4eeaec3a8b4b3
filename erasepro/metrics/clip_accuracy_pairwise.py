"""Whether the picture is nearer to the target's sentence than to the anchor's (Ablating Concepts, arXiv 2303.13516).

s(c) = 2.5 max(cos(image, "A photo depicts <c>"), 0)        counted: s(target) > s(anchor)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import PairwiseConfig
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans, empty_values
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score


@METRICS.register("clip_accuracy_pairwise", config=PairwiseConfig)
class ClipAccuracyPairwise(Metric):
    """Share of target-prompt images nearer to the target's sentence than to the anchor's (lower: better erased).

    ``parts`` has the share by role and phrasing, and ``anchor``: the share nearer to the anchor.
    """

    higher_is_better = False
    number_kind = "share"
    recognizes = True
    version = 3

    def __init__(self, config: PairwiseConfig) -> None:
        for key in ("template", "style_template"):
            if "{c}" not in getattr(config, key):
                raise UserError(f"metrics.params.{self.name}.{key} must contain {{c}}, the concept's place.")
        self.config = config
        self._target, self._anchor = PromptMeans(shares=True), PromptMeans(shares=True)
        self._texts: dict[str, Tensor] = {}

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count the rows whose anchor is another concept; per image the two similarities s, ``_target`` and ``_anchor``."""
        out = empty_values(batch.rows)
        places = [
            i
            for i, row in enumerate(batch.rows)
            if row.role in self.config.roles and row.expected_concept and row.expected_concept != row.concept
        ]
        if not places:
            return out
        pairs = [self._sentences(batch.rows[i]) for i in places]
        self._encode(batch, (text for pair in pairs for text in pair))
        for i, (target, anchor) in zip(places, pairs, strict=True):
            image = batch.image_features[i].double()  # (d,)
            s_target, s_anchor = (2.5 * max(float(image @ self._texts[text]), 0.0) for text in (target, anchor))
            is_recognised = batch.predicted[i] is not None or not self.config.reject_none
            self._target.add(batch.rows[i], float(is_recognised and s_target > s_anchor))
            self._anchor.add(batch.rows[i], float(is_recognised and s_anchor > s_target))
            out[i] = {f"{self.name}_target": s_target, f"{self.name}_anchor": s_anchor}
        return out

    def compute(self) -> Score:
        """The share of target-prompt images that are nearer to the target, with the other shares as its parts."""
        extra = {"anchor": self._anchor.parts(), "template": self.config.template}
        return self._target.score(self.name, "target", self.higher_is_better, extra)

    def _sentences(self, row: Row) -> tuple[str, str]:
        """The target's and the anchor's."""
        template = self.config.style_template if row.asks_for_style else self.config.template
        return template.replace("{c}", row.concept), template.replace("{c}", row.expected_concept)

    def _encode(self, batch: Batch, texts: Iterable[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if new:
            features = torch.nn.functional.normalize(batch.judge.text_features(new).double(), dim=-1)
            self._texts.update(zip(new, features, strict=True))
