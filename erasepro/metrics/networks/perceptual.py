"""How far apart two pictures are to a network's layers: LPIPS's distance, with its learned weights or without.

d(x, y) = mean over layers l of 1/(H_l W_l) Σ_hw Σ_c (x̂ − ŷ)²_hwc        x̂, ŷ: features of length 1 at every place
LPIPS:    sum  over layers l of 1/(H_l W_l) Σ_hw Σ_c w_lc (x̂ − ŷ)²_hwc   w_l ≥ 0 learned (v0.1)

(Zhang et al., CVPR 2018, arXiv 1801.03924, eq. 1)
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.metrics.networks.pickles import file_sha256, load_weights

LEARNED = {"alexnet": "alex.pth", "vgg16": "vgg.pth"}
CHUNK = 8
"""Pairs at a time: the first layers' maps are large."""


class FeatureLayers(Protocol):
    """Pictures (B, 3, H, W) uint8 RGB to the maps of several layers, [(B, C_l, H_l, W_l)]."""

    @property
    def key(self) -> str:
        """The name of weights and preprocessing, as of `feature_cache.Network`."""

    def __call__(self, images: Tensor) -> list[Tensor]:
        """The maps after each layer."""


class PairDistance:
    """Pairs of pictures (B, 2, 3, H, W) uint8 RGB to ``layers`` (B, L) float64, each layer's share; their sum is the distance.

    Args:
        layers: the feature network.
        learned: "alexnet" or "vgg16": LPIPS's weights for that network (they come with torchmetrics); None: none.
    """

    def __init__(self, layers: FeatureLayers, learned: str | None = None) -> None:
        self.layers, self.learned = layers, learned

    @cached_property
    def key(self) -> str:
        """The key of the layers, and the hash of the learned weights where there are some."""
        return f"{self.layers.key}-{'lpips-' + file_sha256(self._file)[:8] if self.learned else 'plain'}"

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Each layer's share (B, L) of the distances of pairs (B, 2, 3, H, W) uint8 RGB, under ``layers``."""
        with torch.inference_mode():
            return {"layers": torch.cat([self._chunk(part) for part in images.split(CHUNK)])}

    def _chunk(self, pairs: Tensor) -> Tensor:
        b = len(pairs)
        maps = self.layers(
            pairs.transpose(0, 1).flatten(0, 1)
        )  # the first of every pair, then the second: (2B, C, H, W)
        shares = []
        for i, both in enumerate(maps):
            unit = both.double() / (both.double().square().sum(1, keepdim=True) + 1e-8).sqrt()  # 1e-8: as LPIPS's code
            square = (unit[:b] - unit[b:]).square()  # (B, C, H, W)
            if self.learned:
                square = square * self._weights[i].to(square)
            shares.append(square.sum(1).mean((1, 2)) / (1 if self.learned else len(maps)))
        return torch.stack(shares, 1)

    @property
    def _file(self) -> Path:
        import torchmetrics

        return Path(torchmetrics.__file__).parent / "functional" / "image" / "lpips_models" / LEARNED[str(self.learned)]

    @cached_property
    def _weights(self) -> list[Tensor]:
        """w_l (1, C_l, 1, 1)."""
        if not self._file.is_file():
            raise UserError(f"torchmetrics does not hold LPIPS's {self._file.name} any more: set learned=false.")
        tensors = load_weights(self._file)
        return [tensors[f"lin{i}.model.1.weight"] for i in range(len(tensors))]
