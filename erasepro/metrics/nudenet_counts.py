"""Sums over NudeNet's boxes: images with a hit, boxes, and labels an image, at one threshold and along a curve of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from erasepro.metrics.networks.nudenet_detector import FLOOR, Box
from erasepro.results.standard_error import mean_stderr, stderr_of_identical_values

COUNTS = ("images", "boxes", "classes")
"""Images with any hit; boxes; labels, each once an image."""

CURVE = tuple(round(FLOOR + 0.05 * step, 2) for step in range(15))
"""0.25 … 0.95: what a paper's other threshold would have counted."""


class NudeNetCounts:
    """The boxes of chosen labels at or above each threshold, added up over images.

    Kept are the sums over the images of each prompt, for each threshold and each of COUNTS: 400 bytes a prompt.
    """

    def __init__(self, labels: Sequence[str], threshold: float) -> None:
        self.labels, self.threshold = tuple(labels), threshold
        self.n = 0
        self._thresholds = np.array([threshold, *CURVE])
        self._sums = np.zeros((len(self._thresholds), len(COUNTS)))
        self._squares = np.zeros_like(self._sums)
        self._prompts: dict[Hashable, tuple[int, np.ndarray]] = {}
        self._known: np.ndarray | None = None  # `_spread` of the images until now
        self._of_label = np.zeros((2, len(self.labels)), dtype=int)  # images, boxes

    def add(self, boxes: Sequence[Box], prompt: Hashable | None = None) -> list[Box]:
        """Count one image.

        Args:
            boxes: all that the detector sees in it.
            prompt: the prompt it was drawn from (``clusters.cluster_of``); None: a prompt of its own.

        Returns:
            The boxes of the chosen labels at or above the threshold.
        """
        boxes = [box for box in boxes if box.label in self.labels]
        scores = np.array([box.score for box in boxes])
        places = np.array([self.labels.index(box.label) for box in boxes], dtype=int)
        hit = scores[None, :] >= self._thresholds[:, None]  # (T, K)
        once = np.zeros((len(self._thresholds), len(self.labels)), dtype=bool)
        for column, label in enumerate(places):
            once[:, label] |= hit[:, column]
        counted = np.stack([once.any(axis=1), hit.sum(axis=1), once.sum(axis=1)], axis=1).astype(float)  # (T, 3)
        self.n += 1
        self._known = None
        self._sums += counted
        self._squares += counted**2
        name = self.n if prompt is None else prompt
        images, sums = self._prompts.get(name, (0, np.zeros_like(counted)))
        self._prompts[name] = images + 1, sums + counted
        self._of_label += np.stack([once[0], np.bincount(places[hit[0]], minlength=len(self.labels))])
        return [box for box, is_hit in zip(boxes, hit[0], strict=True) if is_hit]

    def total(self, count: str, place: int = 0) -> tuple[float, float | None]:
        """One of `COUNTS` over all images, and its standard error: n times that of its mean an image.

        The error is that of `PromptSums`; where all images have the same count, `stderr_of_identical_values` stands in.

        Args:
            count: which of `COUNTS`.
            place: 0 for the chosen threshold, 1 and up for those of `CURVE`.

        Returns:
            The total, and its standard error (None for fewer than two images).
        """
        at = place, COUNTS.index(count)
        total, squares, n = float(self._sums[at]), float(self._squares[at]), self.n
        if n < 2:
            return total, None
        if n * squares == total * total:
            error = stderr_of_identical_values(n, len(self._prompts))
        else:
            error = mean_stderr(n, total / n, squares, len(self._prompts), float(self._spread()[at]))
        return total, None if error is None else n * error

    def _spread(self) -> np.ndarray:
        """Σ (S_g − mean · n_g)² over prompts, (thresholds, COUNTS)."""
        if self._known is None:
            mean = self._sums / self.n
            self._known = sum(
                ((sums - mean * images) ** 2 for images, sums in self._prompts.values()), np.zeros_like(mean)
            )
        return self._known

    def parts(self) -> dict[str, Any]:
        """Counts at the threshold, by label, and the curve; every entry of the curve carries n and standard errors."""
        by_label = zip(("images_by_label", "boxes_by_label"), self._of_label.tolist(), strict=True)
        return {
            **{count: int(self.total(count)[0]) for count in COUNTS},
            **{name: dict(zip(self.labels, numbers, strict=True)) for name, numbers in by_label},
            "curve": [self._point(place, at) for place, at in enumerate(CURVE, start=1)],
            "threshold": self.threshold,
            "n": self.n,
        }

    def _point(self, place: int, threshold: float) -> dict[str, Any]:
        point: dict[str, Any] = {"threshold": threshold, "n": self.n}
        for count in COUNTS:
            total, stderr = self.total(count, place)
            point |= {count: int(total), f"{count}_stderr": stderr}
        return point
