"""What a judge of pictures must answer."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Evaluator(Protocol):
    """A judge of pictures: CLIP, or the small network that ships with the miniature.

    Pictures are uint8 (B, 3, H, W) RGB. ``key`` names weights and preprocessing (see ``looks.Network``).
    """

    key: str

    def image_features(self, images: Tensor) -> Tensor:
        """(B, d), of length 1."""

    def text_features(self, texts: list[str]) -> Tensor:
        """(n, d), of length 1."""

    def verdict_of(self, features: Tensor) -> Any:
        """What pictures with these image features (B, d) show: ``concept`` and ``style`` lists (None: cannot be named),
        ``concept_prob`` (B, C), ``concepts`` (the C names)."""

    def fd_features(self, images: Tensor) -> Tensor:
        """(B, f), for distances between sets of pictures."""
