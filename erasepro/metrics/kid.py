"""Kernel distance between two sets of images on the judge's or Inception's features; unbiased, so fit for few images.

    MMD² = Σ_{i≠j} k(x_i, x_j) / m(m−1) + Σ_{i≠j} k(y_i, y_j) / m(m−1) − 2 Σ_{ij} k(x_i, y_j) / m²
    k(a, b) = (γ aᵀb + 1)³, γ = 1/f                                          (Binkowski et al., arXiv 1801.01401)

That needs two independent sets. Images of the same prompts and seeds come in pairs that are alike, so their pairs i = j
are left out of the last sum: − 2 Σ_{i≠j} k(x_i, y_j) / m(m−1)        (Gretton et al., JMLR 13, 2012, Lemma 6, eq. 4)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import KIDConfig
from erasepro.metrics.engine.set_distance import SetDistance, folder_facts
from erasepro.metrics.networks.feature_cache import Network
from erasepro.metrics.registry import METRICS
from erasepro.results.clusters import Cluster, ClusterNumbers, cluster_of
from erasepro.results.score import Score


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


@METRICS.register("kid", config=KIDConfig)
class KID(SetDistance):
    """Kernel distance to other images: the mean over random subsets (0, or below by chance: the same).

    Images of the original model are of the same prompts and seeds, and paired; a folder's are not, and must be others than
    those measured (an image that is in both sets draws the estimate below 0). ``stderr``: the
    delete-d jackknife, std · √(m / (n − m)), with subsets of m out of n (n: the smaller set); where several images are of one
    prompt, of prompts with all their images (None for two prompts). All features are kept.
    """

    higher_is_better = False
    needs_reference = True
    version = 3

    def __init__(self, config: KIDConfig, network: Network | None = None) -> None:
        super().__init__(config, network)
        for key, least, most in (
            ("subsets", 1, 10**6),
            ("subset_size", 2, 10**6),
            ("degree", 1, 20),
            ("seed", 0, 2**63 - 1),
        ):
            if not least <= getattr(config, key) <= most:
                raise UserError(
                    f"metrics.params.{self.name}.{key} must be from {least} to {most}, not {getattr(config, key)}."
                )
        if not math.isfinite(config.coef):
            raise UserError(f"metrics.params.{self.name}.coef must be finite, not {config.coef}.")
        self._prompts: dict[str, Cluster] = {}  # by the row's name
        self._features: dict[bool, dict[str, Tensor]] = {False: {}, True: {}}  # by the row's name

    def _add(self, rows: list[Row], features: Tensor, reference: bool) -> None:
        for row, feature in zip(rows, features.detach().cpu().float(), strict=True):
            self._features[reference][row.name] = feature
            self._prompts[row.name] = cluster_of(row)

    def compute(self) -> Score:
        """The mean of MMD² over the random subsets; NaN where a subset would hold fewer than two images."""
        config = self.config
        images, other, prompts, facts = self._sets()
        n, smaller = len(images), min(len(images), len(other))
        m = min(config.subset_size, smaller // 2)
        parts = {"subset_size": m, "subsets": config.subsets, "paired": self.needs_reference, **facts, **self._how()}
        if m < 2:
            return Score(self.name, math.nan, n, None, self.higher_is_better, parts)
        alone = torch.arange(n)
        values = self._subsets(images, other, alone, m, m)
        spread = float(values.std()) if config.subsets > 1 else math.nan
        stderr = spread * math.sqrt(m / (smaller - m)) if config.subsets > 1 else None
        groups = int(prompts.max()) + 1
        if stderr is not None and 1 < groups < n:  # several images a prompt
            parts["prompts"] = groups
            part = min(max(groups * m // n, 2), groups - 1)
            # of the spread an unpaired reference has a share, which shrinks otherwise: the larger factor is safe
            factor = max(part / (groups - part), 0 if self.needs_reference else m / (smaller - m))
            over = self._subsets(images, other, prompts, part, m) if groups > 2 else None
            stderr = float(over.std()) * math.sqrt(factor) if over is not None else None
        return Score(self.name, float(values.mean()), n, stderr, self.higher_is_better, {**parts, "subset_std": spread})

    def _subsets(self, images: Tensor, other: Tensor, groups: Tensor, part: int, m: int) -> Tensor:
        """The estimate (subsets,) on random subsets of the images.

        Args:
            images: features (n, f) of the images measured.
            other: (n', f) of the reference.
            groups: (n,), the group of each image measured, from 0; a subset takes whole groups.
            part: groups in a subset.
            m: images of an unpaired reference in a subset.
        """
        config, number = self.config, int(groups.max()) + 1
        draw = torch.Generator().manual_seed(config.seed)
        estimates = []
        for _ in range(config.subsets):
            a = torch.randperm(number, generator=draw)[:part]
            if number < len(images):
                a = torch.isin(groups, a).nonzero()[:, 0]
            b = a if self.needs_reference else torch.randperm(len(other), generator=draw)[:m]
            estimates.append(mmd2(images[a], other[b], config.degree, config.coef, paired=self.needs_reference))
        return torch.tensor(estimates, dtype=torch.float64)

    def _sets(self) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
        """What is compared.

        Returns:
            Features (n, f) of the images measured and (n', f) of the reference, the prompt (n,) of each image measured as a
            number from 0, and the parts that describe the reference.
        """
        images, other = self._features[False], self._features[True]
        if self.needs_reference:
            names = [name for name in images if name in other]
            return (
                _stacked([images[name] for name in names]),
                _stacked([other[name] for name in names]),
                self._numbers(names),
                {},
            )
        if not images:  # the folder need not be read
            return _stacked([]), _stacked([]), self._numbers([]), {}
        folder = self._folder()
        features = torch.cat(list(self._folder_features(folder))).float()
        return _stacked(list(images.values())), features, self._numbers(images), folder_facts(folder)

    def _numbers(self, names: Iterable[str]) -> Tensor:
        """The prompts of rows as numbers from 0."""
        numbers = ClusterNumbers()
        return torch.tensor([numbers.number(self._prompts.get(name, name)) for name in names])


def _stacked(features: list[Tensor]) -> Tensor:
    return torch.stack(features) if features else torch.empty(0, 0)
