"""Pools of pictures that the judge's training needs: real ones through the autoencoder, and early snapshots' drawings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from erasepro.concepts.miniature.captions import caption
from erasepro.concepts.miniature.names import BACKGROUNDS, NAMES, STYLES
from erasepro.recipes.miniature.codes import make_codes
from erasepro.recipes.miniature.export import pipeline
from erasepro.recipes.miniature.judge import real
from erasepro.recipes.miniature.latents import load_decoder
from erasepro.recipes.miniature.pictures import Pictures, to_unit


@torch.inference_mode()
def decoded(work: Path, count: int = 3600, seed: int = 41) -> tuple[torch.Tensor, torch.Tensor]:
    """Real pictures through code and decoder, noisy as the denoiser's codes are: (N, 3, 64, 64) in [-1, 1], labels (N, 2)."""
    file = work / f"decoded_{count}.safetensors"
    if not file.exists():
        pictures, codes, vae = Pictures(work), make_codes(work), load_decoder(work)
        rng, generator = random.Random(f"decoded/{seed}"), torch.Generator().manual_seed(seed)
        real_samples = [real(pictures, rng) for _ in range(count)]
        parts = []
        for i in range(0, count, 60):
            z = codes.encode(to_unit(np.stack([f[0] for f in real_samples[i : i + 60]])))
            noise = torch.rand(len(z), 1, 1, 1, generator=generator) * 0.15 * torch.randn(z.shape, generator=generator)
            parts.append(vae.decode(z + noise).sample.clamp(-1, 1).half())
        save_file(
            {"images": torch.cat(parts).contiguous(), "labels": torch.tensor([[f[1], f[2]] for f in real_samples])}, str(file)
        )
    data = load_file(str(file))
    return data["images"].float(), data["labels"]


def early(work: Path, steps: Sequence[int], count: int, seed: int) -> torch.Tensor:
    """`count` drawings by each of the denoiser's snapshots after `steps` training steps: (N, 3, 64, 64) in [-1, 1]."""
    file = work / f"early_{'-'.join(map(str, steps))}_{seed}_{count}.safetensors"
    if not file.exists():
        rng, parts = random.Random(f"early/{seed}"), []
        for step in steps:
            pipe = pipeline(work, work / "unet" / f"step_{step}.safetensors", load_decoder(work))
            texts = [
                caption(rng, rng.choice(NAMES), rng.choice(list(STYLES)), rng.choice(list(BACKGROUNDS)), "medium").text
                for _ in range(count)
            ]
            parts.append(draw(pipe, texts, seed=seed * 10_000 + step, steps=10, guidance=4.0).mul(2).sub(1).half())
        save_file({"images": torch.cat(parts).contiguous()}, str(file))
    return load_file(str(file))["images"].float()


@torch.inference_mode()
def draw(
    pipe: Any, texts: Sequence[str], seed: int, steps: int = 16, guidance: float = 3.0, batch: int = 30
) -> torch.Tensor:
    """Drawings of `texts` in [0, 1] (B, 3, 64, 64); picture i has the seed `seed` + i."""
    pipe.set_progress_bar_config(disable=True)
    parts = []
    for i in range(0, len(texts), batch):
        some = list(texts[i : i + batch])
        generators = [torch.Generator().manual_seed(seed + i + j) for j in range(len(some))]
        parts.append(
            pipe(
                some, num_inference_steps=steps, guidance_scale=guidance, generator=generators, output_type="pt"
            ).images
        )
    return torch.cat(parts)


EARLY = {"train": (150, 350), "test": (250,)}
