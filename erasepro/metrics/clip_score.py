"""How well the picture fits its own prompt (Hessel et al., arXiv 2104.08718).

CLIPScore = w · max(cos(image, prompt), 0)            w = 100, or 2.5 as in eq. 1: both are in use, 31.3 and 0.78 alike
"""

from __future__ import annotations

from typing import Any

from erasepro.errors import unknown
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import ClipScoreConfig
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans, empty_values
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score

SCALES = (100.0, 2.5)


@METRICS.register("clip_score", config=ClipScoreConfig)
class ClipScore(Metric):
    """Mean similarity of images to their own prompts (higher: they show what was asked for).

    On retain prompts a drop tells damage; on target prompts (``parts``) lower is better erased. The prompt is cut at CLIP's 77
    tokens. The unit says which scale.
    """

    version = 2
    higher_is_better = True
    number_kind = "size"

    def __init__(self, config: ClipScoreConfig) -> None:
        if config.scale not in SCALES:
            raise unknown("value of metrics.params.clip_score.scale", str(config.scale), [f"{s:g}" for s in SCALES])
        self.config = config
        self._means = PromptMeans()

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count the rows of ``roles``; per image scale · max(cos, 0) to its own prompt."""
        out = empty_values(batch.rows)
        places = [i for i, row in enumerate(batch.rows) if self._wanted(row)]
        if not places:
            return out
        prompts = list(dict.fromkeys(batch.rows[i].prompt for i in places))
        texts = dict(zip(prompts, batch.judge.text_features(prompts).double(), strict=True))
        for i in places:
            cosine = float(batch.image_features[i].double() @ texts[batch.rows[i].prompt])
            value = self.config.scale * max(cosine, 0.0)
            self._means.add(batch.rows[i], value)
            out[i] = {"clip_score": value}
        return out

    def compute(self) -> Score:
        """The mean over images of ``role``, with the means of the other roles as its parts."""
        extra = {"unit": f"{self.config.scale:g}·cos", "scale": self.config.scale}
        better = self.config.role not in ("target", "synonym")
        return self._means.score(self.name, self.config.role, better, extra)

    def _wanted(self, row: Row) -> bool:
        return not self.config.roles or row.role in self.config.roles
