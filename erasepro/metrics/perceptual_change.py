"""How much the edit changes the pictures that it should leave alone, prompt by prompt and seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from erasepro.errors import UserError, unknown
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import PerceptualChangeConfig
from erasepro.metrics.engine.base import Batch, Metric, PromptMeans, empty_values
from erasepro.metrics.engine.spool import PictureSpool
from erasepro.metrics.networks.imagenet import Layers
from erasepro.metrics.networks.perceptual import LEARNED, FeatureLayers, PairDistance
from erasepro.metrics.networks.pickles import check_file
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score

KEY = "metrics.params.perceptual_change"
RESNET_V2 = ("resnet50-11ad3fa6.pth",)  # its layers serve as well
NETWORKS = ("alexnet", "vgg16", "resnet50", "judge")


class Stages:
    """A judge's own layers as a feature network."""

    def __init__(self, judge: Any) -> None:
        if not hasattr(judge, "stage_features"):
            raise UserError(f"{KEY}.network=judge: this judge shows no layers; use alexnet, vgg16 or resnet50.")
        self._judge, self.key = judge, f"{judge.key}-stages"

    def __call__(self, images: Tensor) -> list[Tensor]:
        """The maps of pictures (B, 3, H, W) uint8 RGB after each of the judge's stages."""
        return list(self._judge.stage_features(images))


@METRICS.register("perceptual_change", config=PerceptualChangeConfig)
class PerceptualChange(Metric):
    """Mean distance between the original's and the edited model's picture of the same row (0: the same pictures).

    LPIPS's distance (Zhang et al., arXiv 1801.03924, eq. 1), from 0 to 4 without learned weights. The original's pictures are
    laid aside in a temporary file (200 kB each at 256 pixels); memory does not grow with them. ``n`` counts pairs.

    Args:
        layers: asked in place of the network that the config names.
    """

    version = 2
    higher_is_better = False
    number_kind = "size"
    needs_judge = False
    needs_reference = True

    def __init__(self, config: PerceptualChangeConfig, layers: FeatureLayers | None = None) -> None:
        self.config = config
        if config.network not in NETWORKS:
            raise unknown(f"value of {KEY}.network", config.network, NETWORKS)
        if config.learned and config.network not in LEARNED:
            raise UserError(f"{KEY}.learned: LPIPS has weights for {' and '.join(LEARNED)} only, not {config.network}.")
        if config.size is not None and config.size < 16:
            raise UserError(f"{KEY}.size must be 16 pixels or more, or null, not {config.size}.")
        check_file(f"{KEY}.weights", config.weights)
        self._layers = layers
        if layers is None and config.network != "judge":
            self._layers = Layers(config.network, config.weights, f"{KEY}.weights")
        self._pairs: PairDistance | None = None
        self._spool: PictureSpool | None = None
        self._means, self._unpaired = PromptMeans(), 0

    @classmethod
    def asks_judge(cls, config: Any) -> bool:
        """Whether the layers are the judge's."""
        return bool(config.network == "judge")

    def check(self, rows: Sequence[Row]) -> None:
        """Raise UserError where the network's weights are missing or unfit."""
        if isinstance(self._layers, Layers):
            self._layers.backbone.check(*(RESNET_V2 if self.config.network == "resnet50" else ()))

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Lay aside the original's pictures, or compare the edited model's with them; per compared image the distance."""
        indices = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        if not indices:
            return empty_values(batch.rows)
        images, values = self._smaller(batch.images[indices]), empty_values(batch.rows)
        self._spool = self._spool or PictureSpool()
        if reference:
            for i, image in zip(indices, images, strict=True):
                self._spool.put(batch.rows[i].name, image)
            return values
        before = {i: self._spool.get(batch.rows[i].name) for i in indices if batch.rows[i].name in self._spool}
        places = [(i, image) for i, image in zip(indices, images, strict=True) if _fits(before.get(i), image)]
        self._unpaired += len(indices) - len(places)
        if places:
            pairs = torch.stack([torch.stack([before[i], image]) for i, image in places])  # (B, 2, 3, H, W)
            change = batch.feature_cache(self._network(batch), pairs)["layers"].sum(1)
            for (i, _), value in zip(places, change.tolist(), strict=True):
                self._means.add(batch.rows[i], value)
                values[i] = {"perceptual_change": value}
        return values

    def _network(self, batch: Batch) -> PairDistance:
        if self._pairs is None:
            layers = self._layers if self._layers is not None else Stages(batch.judge)
            self._pairs = PairDistance(layers, self.config.network if self.config.learned else None)
        return self._pairs

    def _smaller(self, images: Tensor) -> Tensor:
        shorter, size = min(images.shape[2:]), self.config.size
        if size is None or shorter <= size:
            return images
        height, width = (round(side * size / shorter) for side in images.shape[2:])
        resized = F.interpolate(images.float(), (height, width), mode="bilinear", align_corners=False, antialias=True)
        return resized.round().clamp(0, 255).to(torch.uint8)

    def compute(self) -> Score:
        """The mean distance over pairs of ``role``; the part ``unpaired`` counts pictures without their original."""
        config = self.config
        kind, size = "LPIPS" if config.learned else "feature distance", f"≤ {config.size}" if config.size else "full"
        extra = {
            "unit": f"{kind}, {config.network}, {size} px",
            "network": self._pairs.key if self._pairs is not None else "",
            "unpaired": self._unpaired,
        }
        return self._means.score(self.name, config.role, self.higher_is_better, extra)


def _fits(before: Tensor | None, image: Tensor) -> bool:
    return before is not None and before.shape == image.shape
