"""Fréchet distance between two sets of images on the miniature's own features. Not FID: another network, few images.

d² = |m₁ − m₂|² + tr(S₁ + S₂ − 2 (S₁ S₂)^½)            m (f,), S (f, f): mean and covariance of the features
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from erasepro.metrics.base import METRICS, Batch, Metric, Score, blank


class Moments:
    """Mean (f,) and covariance (f, f) of features that arrive in pieces, in float64, around the first image seen.

    Kept in `blocks` parts, dealt in turn, so that the distance's standard error can be had by leaving each out.
    """

    def __init__(self, blocks: int = 1) -> None:
        self.n, self._blocks = 0, blocks
        self._shift: Tensor | None = None  # (f,): sums of large, nearly equal numbers would lose digits
        self._counts = [0] * blocks
        self._sum = torch.empty(0)  # (blocks, f)
        self._outer = torch.empty(0)  # (blocks, f, f)

    def update(self, features: Tensor) -> Moments:
        """Adds features (B, f)."""
        x = features.detach().cpu().double()
        if self._shift is None:
            self._shift = x[0].clone()
            self._sum = x.new_zeros(self._blocks, x.shape[1])
            self._outer = x.new_zeros(self._blocks, x.shape[1], x.shape[1])
        x = x - self._shift
        for block in range(self._blocks):
            part = x[(block - self.n) % self._blocks :: self._blocks]
            self._counts[block] += len(part)
            self._sum[block] += part.sum(0)
            self._outer[block] += part.T @ part
        self.n += len(x)
        return self

    def gaussian(self, without: int | None = None) -> tuple[Tensor, Tensor]:
        """Mean (f,) and unbiased covariance (f, f) of everything, or of all blocks but one."""
        used = [b for b in range(self._blocks) if b != without]
        n = sum(self._counts[b] for b in used)
        if self._shift is None or n < 2:
            raise ValueError("a covariance needs at least two images")
        total, outer = self._sum[used].sum(0), self._outer[used].sum(0)
        return self._shift + total / n, (outer - torch.outer(total, total) / n) / (n - 1)


def frechet_distance(m1: Tensor, s1: Tensor, m2: Tensor, s2: Tensor) -> float:
    """d² of two Gaussians in float64; tr (S₁S₂)^½ = Σ √eig(S₁^½ S₂ S₁^½), symmetric, so no complex square root."""
    values, vectors = torch.linalg.eigh(s1.double())
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T  # (f, f)
    cross = torch.linalg.eigvalsh(root @ s2.double() @ root).clamp_min(0).sqrt().sum()
    distance = (m1 - m2).double().square().sum() + torch.trace(s1) + torch.trace(s2) - 2 * cross
    return max(float(distance), 0.0)


@dataclass
class FDMiniConfig:
    roles: list[str] = field(default_factory=lambda: ["kept"])  # rows compared with the original's; []: all
    blocks: int = 8  # for the standard error (jackknife); 1: none. Memory grows with it


@METRICS.register("fd_mini", config=FDMiniConfig)
class FDMini(Metric):
    """Fréchet distance to the original model's images, on the evaluator's feature network (0: the same images).

    Biased upwards for few images, so compare only equal n. ``stderr``: delete-a-block jackknife.
    """

    name = "fd_mini"
    higher_is_better = False
    needs_reference = True

    def __init__(self, config: FDMiniConfig) -> None:
        self.config = config
        self._edited, self._original = Moments(config.blocks), Moments(config.blocks)

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        chosen = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        if chosen:
            (self._original if reference else self._edited).update(batch.fd_features[chosen])
        return blank(batch.rows)

    def compute(self) -> Score:
        n, reference = self._edited.n, self._original.n
        parts = {"n_reference": reference, "reference": "original model", "roles": list(self.config.roles)}
        if min(n, reference) < 2:
            return Score(self.name, math.nan, n, None, self.higher_is_better, parts)
        value = frechet_distance(*self._edited.gaussian(), *self._original.gaussian())
        return Score(self.name, value, n, self._stderr(min(n, reference)), self.higher_is_better, parts)

    def _stderr(self, n: int) -> float | None:
        blocks = self.config.blocks
        if blocks < 2 or n < 4 * blocks:
            return None
        left = [frechet_distance(*self._edited.gaussian(b), *self._original.gaussian(b)) for b in range(blocks)]
        mean = sum(left) / blocks
        return math.sqrt((blocks - 1) / blocks * sum((d - mean) ** 2 for d in left))
