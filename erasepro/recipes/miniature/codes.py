"""The latent space: each 8 × 8 pixel patch as its 16 leading principal components, half whitened.

The space is fixed before any network is trained, so the decoder, the encoder and the denoiser can be trained side by side
(an end-to-end autoencoder of this size took far longer to get as sharp on two CPU cores).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from erasepro.recipes.miniature.pictures import Pictures, batch

CHANNELS, PATCH = 16, 8


@dataclass(frozen=True)
class Codes:
    """Basis (16, 192), already divided by the scales, and mean patch (192,)."""

    basis: torch.Tensor
    mean: torch.Tensor

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, 64, 64) in [-1, 1] to latents (B, 16, 8, 8) of overall unit variance."""
        patches = F.unfold(images, PATCH, stride=PATCH).transpose(1, 2)  # (B, 64, 192)
        codes = (patches - self.mean) @ self.basis.T  # (B, 64, 192) @ (192, 16)
        return codes.transpose(1, 2).reshape(-1, CHANNELS, 8, 8)


def make_codes(work: Path, *, count: int = 2000, seed: int = 1) -> Codes:
    """Fit the components on `count` random pictures (cached in `work`); the scale is the square root of each deviation."""
    file = work / "codes.safetensors"
    if not file.exists():
        images = batch(Pictures(work), random.Random(f"codes/{seed}"), count)
        patches = F.unfold(images, PATCH, stride=PATCH).transpose(1, 2).reshape(-1, 3 * PATCH * PATCH).double()
        mean = patches.mean(0)
        values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
        deviation = values[-CHANNELS:].flip(0).sqrt()
        scale = deviation.sqrt()
        scale *= (deviation / scale).square().mean().sqrt()  # overall unit variance
        basis = vectors[:, -CHANNELS:].flip(1).T / scale[:, None]
        save_file({"basis": basis.float().contiguous(), "mean": mean.float()}, str(file))
    data = load_file(str(file))
    return Codes(data["basis"], data["mean"])
