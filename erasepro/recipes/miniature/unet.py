"""The denoiser: a small `UNet2DConditionModel`, v-prediction, min-SNR weighting (arXiv 2303.09556), text dropped for guidance.

Several one-thread processes share a step by averaging their gradients, which on a CPU beats one process with many threads.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file

from erasepro.recipes.miniature.latents import Bank, make_bank
from erasepro.recipes.miniature.loop import Loop

CONFIG = {
    "sample_size": 8,
    "in_channels": 16,
    "out_channels": 16,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "block_out_channels": [96, 160],
    "layers_per_block": 1,
    "cross_attention_dim": 256,
    "attention_head_dim": 4,
    "norm_num_groups": 16,
}
NOISE = {
    "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
}  # fmt: skip


@dataclass(frozen=True)
class Phase:
    """A stretch of training: its pool of pictures and captions, its random stream, and its highest learning rate."""

    name: str
    seed: int
    peak: float
    bank: dict[str, Any] = field(default_factory=dict)
    start: str | None = None  # the phase whose averaged weights it goes on from
    snapshots: tuple[int, ...] = ()


PHASES = {
    "unet": Phase("unet", 4, 1.0e-3, snapshots=(150, 250, 350)),
    # after `unet` one styled drawing in ten was in another style: a pool in which most captions name the style and more
    "tuned": Phase(
        "tuned", 6, 4.0e-4, {"variants": 3, "captions": 4, "seed": 5, "detail": 0.7, "styled": 0.8}, start="unet"
    ),
}


def train(work: Path, *, steps: int, phase: str = "unet", batch: int = 32, rank: int = 0, world: int = 1) -> Path:
    """Train a phase for `steps` steps of `batch` pictures a process; returns the averaged weights' file."""
    plan = PHASES[phase]
    seed, bank = plan.seed, make_bank(work, **plan.bank)
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(**CONFIG).to(memory_format=torch.channels_last)
    if plan.start is not None:
        unet.load_state_dict(load_file(str(work / plan.start / "final.safetensors")))
    loop = Loop(
        plan.name,
        unet,
        work,
        steps=steps,
        peak=plan.peak,
        decay=0.999,
        weight_decay=0.005,
        rank=rank,
        snapshots=plan.snapshots,
    )
    alphas = DDPMScheduler(**NOISE).alphas_cumprod
    params = loop.params

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        x, text = pick(bank, torch.Generator().manual_seed(seed * 10_000_019 + step * world + rank), batch)
        generator = torch.Generator().manual_seed(seed * 20_000_003 + step * world + rank)
        t = torch.randint(0, len(alphas), (len(x),), generator=generator)
        noise = torch.randn(x.shape, generator=generator)
        signal, sigma = alphas[t].sqrt().view(-1, 1, 1, 1), (1 - alphas[t]).sqrt().view(-1, 1, 1, 1)
        noisy = (signal * x + sigma * noise).to(memory_format=torch.channels_last)
        v = signal * noise - sigma * x
        error = (unet(noisy, t, encoder_hidden_states=text).sample - v).square().mean(dim=(1, 2, 3))
        snr = alphas[t] / (1 - alphas[t])
        loss = (error * snr.clamp(max=5.0) / (snr + 1)).mean()
        return loss, {"loss": loss.item(), "v": error.mean().item()}

    def average() -> None:
        flat = torch.cat([p.grad.flatten() for p in params if p.grad is not None])
        dist.all_reduce(flat)
        flat /= world
        offset = 0
        for p in params:
            if p.grad is not None:
                p.grad.copy_(flat[offset : offset + p.numel()].view_as(p))
                offset += p.numel()

    loop.run(loss_at, average if world > 1 else None)
    return loop.final


def pick(bank: Bank, generator: torch.Generator, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit-variance latents (B, 16, 8, 8) and text features (B, 32, 256); one caption in ten is the empty one."""
    index = torch.randint(0, len(bank.latents), (count,), generator=generator)
    which = torch.randint(0, bank.features.shape[1], (count,), generator=generator)
    text = bank.features[index, which].float()
    text[torch.rand(count, generator=generator) < 0.1] = bank.empty.float()
    return bank.latents[index].float(), text


def worker(rank: int, world: int, work: Path, steps: int, phase: str = "unet") -> None:
    """One of `world` one-thread training processes on this machine."""
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29533")
    if world > 1:
        dist.init_process_group("gloo", rank=rank, world_size=world)
    train(work, steps=steps, phase=phase, rank=rank, world=world)
    if world > 1:
        dist.destroy_process_group()
