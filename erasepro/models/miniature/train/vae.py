"""The autoencoder: 64 × 64 × 3 pictures to 8 × 8 × 16 latents (the shape of newer Stable Diffusion latents) and back."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from ..concepts import BACKGROUNDS, DRAWABLES, STYLES
from .loop import Loop
from .pictures import SPRITE_SIZES, Pictures, to_unit

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [16, 32, 64, 128],
    "layers_per_block": 1,
    "latent_channels": 16,
    "norm_num_groups": 8,
    "sample_size": 64,
}


def batch(pictures: Pictures, rng: random.Random, size: int) -> torch.Tensor:
    """Random pictures in [-1, 1]; half the backgrounds are the named ones, half any light colour."""
    images = []
    for _ in range(size):
        colour = rng.choice(list(BACKGROUNDS.values()))
        if rng.random() < 0.5:
            colour = (rng.randint(150, 255), rng.randint(150, 255), rng.randint(150, 255))
        place = rng.choice(SPRITE_SIZES), rng.randint(-4, 4), rng.randint(-4, 4)
        images.append(pictures.draw(rng.randrange(len(DRAWABLES)), rng.randrange(len(STYLES)), colour, *place))
    return to_unit(np.stack(images)).to(memory_format=torch.channels_last)


def train(work: Path, *, steps: int, seed: int = 1) -> Path:
    """Train on L1 + L2 + the L1 of the picture's gradients (edges) + a light KL; returns the file of averaged weights."""
    torch.manual_seed(seed)
    pictures = Pictures(work)
    vae = AutoencoderKL(**CONFIG).to(memory_format=torch.channels_last)
    loop = Loop("vae", vae, work, steps=steps, peak=2e-3, decay=0.997)

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        x = batch(pictures, random.Random(f"{seed}/vae/{step}"), 6)
        torch.manual_seed(seed * 1_000_003 + step)
        posterior = vae.encode(x).latent_dist
        y = vae.decode(posterior.sample()).sample
        error = y - x
        l1, l2 = error.abs().mean(), error.square().mean()
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        kl = posterior.kl().mean() / (16 * 64)
        loss = l1 + 2.0 * l2 + 0.5 * edges + 4e-4 * kl
        psnr = -10 * torch.log10(l2.detach() / 4)
        return loss, {"loss": loss.item(), "psnr": psnr.item(), "kl": kl.item()}

    loop.run(loss_at)
    return loop.final
