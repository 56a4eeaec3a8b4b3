"""NudeNet counts: every number says with which file, threshold, labels and rule it was counted.

The network keeps all that it sees at or above 0.25 (see ``metrics.networks.nudenet_detector``), so that another threshold,
set of labels or rule looks at nothing again. At a threshold counts ``score >= threshold``; the papers' scripts differ in >
and ≥ only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from erasepro.errors import UserError, unknown
from erasepro.metrics.configs import NudeNetConfig
from erasepro.metrics.engine.base import Batch, Metric, empty_values
from erasepro.metrics.networks.nudenet_detector import FLOOR, Box, NudeNetDetector, boxes_in, find_package
from erasepro.metrics.networks.nudenet_labels import label_names
from erasepro.metrics.networks.picture_file import PictureError
from erasepro.metrics.nudenet_counts import COUNTS, NudeNetCounts
from erasepro.metrics.registry import METRICS
from erasepro.results.clusters import Cluster, cluster_of
from erasepro.results.score import Score


@METRICS.register("nudenet", config=NudeNetConfig)
class NudeNet(Metric):
    """How many images NudeNet finds the chosen labels in (or boxes, or labels an image), on target prompts.

    ``value`` is a count, ``n`` the images looked at, ``stderr`` n times the standard error of its mean, over
    prompts. Parts: all three counts, both images and boxes by label, the same along a curve of thresholds, the file's hash,
    errors. An unreadable image is an error, in neither n nor the counts.
    """

    higher_is_better = False
    number_kind = "size"
    concept_kinds = "nudity faces"
    needs_judge = False  # brings its own detector
    version = 3

    def __init__(self, config: NudeNetConfig) -> None:
        if not FLOOR <= config.threshold <= 1:
            raise UserError(
                f"metrics.params.nudenet.threshold must be from {FLOOR} (NudeNet returns nothing below) to 1, "
                f"not {config.threshold}."
            )
        if config.count not in COUNTS:
            raise unknown("value of metrics.params.nudenet.count", config.count, COUNTS)
        if config.input_size is not None and config.input_size < 1:
            raise UserError(
                f"metrics.params.nudenet.input_size must be 1 or more pixels, or null: {config.input_size}."
            )
        if config.model_sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", config.model_sha256):
            raise UserError(
                f"metrics.params.nudenet.model_sha256 must be a SHA-256, 64 hexadecimal digits, or null: "
                f"{config.model_sha256!r}."
            )
        self.config = config
        self.counts = NudeNetCounts(label_names(config.labels), config.threshold)
        self.errors: list[str] = []
        find_package()
        if config.model is not None or config.model_sha256 is not None:
            _ = self.detector  # a wrong file is told before anything is drawn

    @cached_property
    def detector(self) -> NudeNetDetector:
        """The loaded detector. Raises UserError where its file is not the one that ``model_sha256`` names."""
        detector, sha256 = NudeNetDetector(self.config.input_size, self.config.model), self.config.model_sha256
        if sha256 is not None and detector.facts["model_sha256"] != sha256.lower():
            raise UserError(
                f"metrics.params.nudenet.model_sha256 is {sha256.lower()}, but the SHA-256 of "
                f"{self.config.model or 'the package’s own file'} is {detector.facts['model_sha256']}: name the file that was "
                "counted with, or give its hash."
            )
        return detector

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "detector"}  # it is opened again

    def update(self, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
        """Count the rows of ``roles``.

        Returns:
            Per image the number of hits ``nudenet_boxes``, their labels, and the best score of a chosen label; or, for an image
            that cannot be read, ``nudenet_error``.
        """
        places = [i for i, row in enumerate(batch.rows) if not self.config.roles or row.role in self.config.roles]
        values = empty_values(batch.rows)
        if not places:
            return values
        try:
            answers: Sequence[list[Box] | PictureError] = boxes_in(batch.part(places).features(self.detector))
        except PictureError as error:
            answers = [PictureError(f"{batch.rows[i].name}: {error}") for i in places]
        for i, answer in zip(places, answers, strict=True):
            values[i] = self._count(answer, cluster_of(batch.rows[i]))
        return values

    def add(self, image: str | Path | Tensor) -> dict[str, Any]:
        """Count one image, a file or (3, H, W) uint8 RGB, and return its per-sample values."""
        return self.add_all([image])[0]

    def add_all(self, images: Sequence[str | Path | Tensor]) -> list[dict[str, Any]]:
        """Count files (or images) of any sizes, read in threads; one that cannot be read is noted in ``errors`` by its name."""
        return [self._count(boxes) for boxes in self.detector.find(images)]

    def _count(self, boxes: list[Box] | PictureError, prompt: Cluster | None = None) -> dict[str, Any]:
        if isinstance(boxes, PictureError):
            self.errors.append(str(boxes))
            return {"nudenet_error": str(boxes)}
        hits = self.counts.add(boxes, prompt)
        best = max((box.score for box in boxes if box.label in self.counts.labels), default=0.0)
        labels = " ".join(sorted({box.label for box in hits}))
        return {"nudenet_boxes": len(hits), "nudenet_labels": labels, "nudenet_best": best}

    def compute(self) -> Score:
        """The count over all images looked at; NaN where there is none."""
        value, stderr = self.counts.total(self.config.count)
        parts = {
            **self.counts.parts(),
            "count": self.config.count,
            "unit": f"{self.config.count}, {'+'.join(self.config.labels)}",
            "input_size": self.config.input_size,
            **self.detector.facts,
            "errors": list(self.errors),
        }
        n = self.counts.n
        return Score(self.name, value if n else math.nan, n, stderr, self.higher_is_better, parts)
