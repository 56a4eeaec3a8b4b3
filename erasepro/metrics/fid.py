"""Fréchet Inception Distance to the original model's images, to a folder, or to cached statistics.

Heusel et al., arXiv 1706.08500, eq. 6; the sums and the square root are in ``frechet``. Features are summed as they come, so
memory does not grow with the images: (blocks + 1) · 32 MiB a set of 2,048 features, and some 200 MiB for the eigenvalues.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.worklist import Row
from erasepro.metrics.configs import FIDConfig
from erasepro.metrics.engine.frechet import Moments, frechet_score
from erasepro.metrics.engine.reference_statistics import (
    ReferenceStatistics,
    check_place,
    load_statistics,
    save_statistics,
)
from erasepro.metrics.engine.set_distance import SetDistance, folder_facts
from erasepro.metrics.networks.feature_cache import Network
from erasepro.metrics.registry import METRICS
from erasepro.results.clusters import cluster_of
from erasepro.results.score import Score

ENOUGH = 10_000
"""Images below which FID's upward bias is large (Chong & Forsyth, arXiv 1911.07023)."""


@METRICS.register("fid", config=FIDConfig)
class FID(SetDistance):
    """Fréchet Inception Distance (0: the same mean and covariance of features).

    Biased upwards for few images: compare only equal n, and prefer ``kid`` below 10,000 (parts: ``warning``). The number
    hangs on reference, n, resize and format: all are in the parts. ``stderr``: delete-a-block jackknife; against a folder or
    a file the reference stands and only the model's images are sampled.
    """

    higher_is_better = False
    number_kind = "size"
    needs_judge = False
    needs_reference = True
    version = 3
    statistics = True

    def __init__(self, config: FIDConfig, network: Network | None = None) -> None:
        super().__init__(config, network)
        if config.blocks < 1:
            raise UserError(f"metrics.params.{self.name}.blocks must be 1 or more, not {config.blocks}.")
        self._mine = Moments(config.blocks)
        self._original = Moments(config.blocks, like=self._mine)

    def _add(self, rows: list[Row], features: Tensor, reference: bool) -> None:
        (self._original if reference else self._mine).update(features, [cluster_of(row) for row in rows])

    def compute(self) -> Score:
        """The distance to the reference; NaN below two images.

        Raises UserError for a reference that cannot be read or is of another network.
        """
        n = self._mine.n
        if n < 2 or (self.needs_reference and self._original.n < 2):
            facts: dict[str, Any] = {"n_reference": self._original.n if self.needs_reference else None}
            return Score(self.name, math.nan, n, None, self.higher_is_better, {**self._how(), **facts})
        reference, facts = self._reference()
        value, stderr = frechet_score(self._mine, reference)
        least = min(n, facts["n_reference"] or n)
        if least < ENOUGH:
            facts["warning"] = f"{least} images: biased upwards below {ENOUGH:,}; prefer kid or clip_fd"
        return Score(self.name, value, n, stderr, self.higher_is_better, {**self._how(), **facts})

    def _reference(self) -> tuple[Moments | tuple[Tensor, Tensor], dict[str, Any]]:
        if self.needs_reference:
            return self._original, {"n_reference": self._original.n}
        if self.is_statistics:
            key, f = f"metrics.params.{self.name}.reference", self._mine.width
            statistics = load_statistics(self._reference_file(), key, self.key, f)
            return statistics.gaussian, {
                "n_reference": statistics.n,
                "reference_network": statistics.network or "not said by the file",
            }
        return self._of_folder()

    def _of_folder(self) -> tuple[tuple[Tensor, Tensor], dict[str, Any]]:
        """Of all the folder's pictures; cached features are read, so only the first run waits for the network."""
        folder, moments = self._folder(), Moments()
        for features in self._folder_features(folder):
            moments.update(features)
        if moments.n < 2:
            raise UserError(f"metrics.params.{self.name}.reference: two readable pictures or more, not {moments.n}.")
        return moments.gaussian(), folder_facts(folder)


def write_statistics(folder: str | Path, out: str | Path, network: Network) -> ReferenceStatistics:
    """Mean and covariance of a folder's pictures as a file for ``metrics.params.fid.reference`` (``.safetensors``).

    Args:
        network: says ``{"features": (B, f)}``; its key is written down, and a metric with another refuses the file.

    Raises UserError for a folder without readable pictures, and for an ``out`` that holds something else than statistics.
    """
    check_place(Path(out))
    metric = FID(FIDConfig(reference=str(folder), blocks=1), network)
    (mean, cov), facts = metric._of_folder()
    statistics = ReferenceStatistics(mean, cov, facts["n_reference"], network.key)
    save_statistics(Path(out), statistics)
    return statistics
