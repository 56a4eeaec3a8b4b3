"""Kernel distance between two sets of images on the evaluator's features; unbiased, so fit for few images.

    MMD² = Σ_{i≠j} k(x_i, x_j) / m(m−1) + Σ_{i≠j} k(y_i, y_j) / m(m−1) − 2 Σ_{ij} k(x_i, y_j) / m²
    k(a, b) = (γ aᵀb + 1)³, γ = 1/f                                          (Binkowski et al., arXiv 1801.01401)

That needs two independent sets. Images of the same prompts and seeds come in pairs that are alike, so their pairs i = j
are left out of the last sum: − 2 Σ_{i≠j} k(x_i, y_j) / m(m−1)        (Gretton et al., JMLR 13, 2012, Lemma 6, eq. 4)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from erasepro.metrics.base import METRICS, Batch, Metric, Score, blank


def mmd2(x: Tensor, y: Tensor, degree: int = 3, coef: float = 1.0, paired: bool = False) -> float:
    """Unbiased MMD² of features x (m, f), y (m', f) under the polynomial kernel, in float64.

    ``paired`` (m = m'): x_i and y_i belong together, and their products are left out.
    """
    x, y = x.double(), y.double()
    gamma, m, n = 1.0 / x.shape[1], len(x), len(y)
    k_xx = (gamma * x @ x.T + coef) ** degree  # (m, m)
    k_yy = (gamma * y @ y.T + coef) ** degree  # (n, n)
    k_xy = (gamma * x @ y.T + coef) ** degree  # (m, n)
    within = (k_xx.sum() - k_xx.diagonal().sum()) / (m * (m - 1)) + (k_yy.sum() - k_yy.diagonal().sum()) / (n * (n - 1))
    across = (k_xy.sum() - k_xy.diagonal().sum()) / (m * (m - 1)) if paired else k_xy.mean()
    return float(within - 2 * across)


@dataclass
class KIDConfig:
    roles: list[str] = field(default_factory=lambda: ["kept"])  # rows compared with the original's; []: all
    subsets: int = 50
    subset_size: int = 1000  # at most half of the images is used
    degree: int = 3
    coef: float = 1.0
    seed: int = 0


@METRICS.register("kid", config=KIDConfig)
class KID(Metric):
    """Kernel distance to the original model's images: the mean over random subsets (0, or below by chance: the same).

    Images of the same prompt and seed are paired. ``stderr``: the delete-d jackknife, std · √(m / (n − m)), with subsets
    of m out of n. All features are kept.
    """

    name = "kid"
    higher_is_better = False
    needs_reference = True

    def __init__(self, config: KIDConfig) -> None:
        self.config = config
        self._features: dict[bool, dict[str, Tensor]] = {False: {}, True: {}}  # by the row's name

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        chosen = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        for i in chosen:
            self._features[reference][batch.rows[i].name] = batch.fd_features[i].detach().cpu().float()
        return blank(batch.rows)

    def compute(self) -> Score:
        config = self.config
        both = [name for name in self._features[False] if name in self._features[True]]
        n = len(both)
        m = min(config.subset_size, n // 2)
        parts = {"subset_size": m, "subsets": config.subsets, "roles": list(config.roles)}
        if m < 2:
            return Score(self.name, math.nan, n, None, self.higher_is_better, parts)
        edited, original = (torch.stack([self._features[ref][name] for name in both]) for ref in (False, True))
        draw = torch.Generator().manual_seed(config.seed)
        found = []
        for _ in range(config.subsets):
            mine = torch.randperm(n, generator=draw)[:m]
            found.append(mmd2(edited[mine], original[mine], config.degree, config.coef, paired=True))  # (m, f) each
        values = torch.tensor(found, dtype=torch.float64)
        spread = float(values.std()) if config.subsets > 1 else math.nan
        stderr = spread * math.sqrt(m / (n - m)) if config.subsets > 1 else None
        return Score(self.name, float(values.mean()), n, stderr, self.higher_is_better, {**parts, "subset_std": spread})
