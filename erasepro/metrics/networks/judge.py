"""What a judge of pictures must answer."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from erasepro.models.prediction import Prediction


class Judge(Protocol):
    """A judge of pictures: CLIP, or the small network that ships with the miniature.

    Pictures are uint8 (B, 3, H, W) RGB. ``key`` names weights and preprocessing (see ``feature_cache.Network``).
    """

    key: str

    def image_features(self, images: Tensor) -> Tensor:
        """The embeddings (B, d) of pictures, each of length 1."""

    def text_features(self, texts: list[str]) -> Tensor:
        """The embeddings (n, d) of sentences, each of length 1, in the space of the pictures'."""

    def predict(self, features: Tensor) -> Prediction:
        """What pictures with these image features (B, d) show.

        Returns:
            ``concept`` and ``style``: B names each (None: cannot be named). ``concept_prob``: (B, C). ``concepts``: C names.
        """

    def fd_features(self, images: Tensor) -> Tensor:
        """Features (B, f) for distances between sets of pictures."""
