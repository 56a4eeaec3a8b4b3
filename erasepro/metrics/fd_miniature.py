"""Fréchet distance between two sets of images on the miniature's own features. Not FID: another network, few images."""

from __future__ import annotations

import math
from typing import Any

from erasepro.errors import UserError
from erasepro.metrics.configs import FDMiniatureConfig
from erasepro.metrics.engine.base import Batch, Metric, empty_values
from erasepro.metrics.engine.frechet import Moments, frechet_score
from erasepro.metrics.registry import METRICS
from erasepro.results.clusters import cluster_of
from erasepro.results.score import Score


@METRICS.register("fd_miniature", config=FDMiniatureConfig)
class FDMiniature(Metric):
    """Fréchet distance to the original model's images, on the judge's feature network (0: the same images).

    Biased upwards for few images, so compare only equal n. ``stderr``: delete-a-block jackknife.
    """

    higher_is_better = False
    number_kind = "size"
    needs_reference = True
    version = 2

    def __init__(self, config: FDMiniatureConfig) -> None:
        if config.blocks < 1:
            raise UserError(f"metrics.params.{self.name}.blocks must be 1 or more, not {config.blocks}.")
        self.config = config
        self._edited = Moments(config.blocks)
        self._original = Moments(config.blocks, like=self._edited)

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Take in the judge's features of the rows of ``roles``; there are no per-image values."""
        places = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        if places:
            (self._original if reference else self._edited).update(
                batch.fd_features[places], [cluster_of(batch.rows[i]) for i in places]
            )
        return empty_values(batch.rows)

    def compute(self) -> Score:
        """The distance between the edited and the original model's images; NaN below two images of either."""
        n, reference = self._edited.n, self._original.n
        parts = {"n_reference": reference, "reference": "original model", "roles": list(self.config.roles)}
        if min(n, reference) < 2:
            return Score(self.name, math.nan, n, None, self.higher_is_better, parts)
        value, stderr = frechet_score(self._edited, self._original)
        return Score(self.name, value, n, stderr, self.higher_is_better, parts)
