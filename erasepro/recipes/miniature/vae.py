"""The autoencoder, 64 × 64 × 3 pictures to 8 × 8 × 16 latents and back: a decoder and an encoder for one fixed code.

Both halves start near a linear map (the second convolution of every residual block at zero), which on few steps matters most.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import nn

from erasepro.recipes.miniature.codes import make_codes
from erasepro.recipes.miniature.loop import Loop
from erasepro.recipes.miniature.pictures import Pictures, batch

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
    "scaling_factor": 1.0,
}
LOG_VARIANCE = -8.0
PEOPLE_FROM = 6500


def blank(seed: int) -> AutoencoderKL:
    """An untrained autoencoder that starts out nearly linear."""
    torch.manual_seed(seed)
    vae = AutoencoderKL(**CONFIG).to(memory_format=torch.channels_last)
    for name, module in vae.named_modules():
        if isinstance(module, nn.Conv2d):
            if name.endswith("conv2"):
                nn.init.zeros_(module.weight)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return vae


def train_decoder(work: Path, *, steps: int, seed: int = 1) -> Path:
    """Codes (slightly noisy, as the denoiser's are) to pictures: L1 + 2 L2 + the L1 of the picture's gradients (edges)."""
    pictures, codes, vae = Pictures(work), make_codes(work), blank(seed)
    half = nn.ModuleDict({"decoder": vae.decoder, "post_quant_conv": vae.post_quant_conv})
    loop = Loop("decoder", half, work, steps=steps, peak=2e-3, decay=0.997)

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        # half the pictures stand in the middle, as those of the denoiser do; later steps see more of the small, soft faces
        rng = random.Random(f"{seed}/decoder/{step}")
        people = 0.4 if step >= PEOPLE_FROM else 0.0
        x = torch.cat([batch(pictures, rng, 3, 0, people, "fluent"), batch(pictures, rng, 3, people=people / 2)])
        z = codes.encode(x)
        z = z + 0.08 * torch.randn(z.shape, generator=torch.Generator().manual_seed(seed * 1_000_003 + step))
        error = vae.decode(z.to(memory_format=torch.channels_last)).sample - x
        l1, l2 = error.abs().mean(), error.square().mean()
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        return l1 + 2.0 * l2 + 0.5 * edges, {"l1": l1.item(), "psnr": -10 * torch.log10(l2.detach() / 4).item()}

    loop.run(loss_at)
    return loop.final


def train_encoder(work: Path, *, steps: int, seed: int = 11) -> Path:
    """Pictures to codes, by regression; the posterior's variance is trained towards one small constant."""
    pictures, codes, vae = Pictures(work), make_codes(work), blank(seed)
    half = nn.ModuleDict({"encoder": vae.encoder, "quant_conv": vae.quant_conv})
    loop = Loop("encoder", half, work, steps=steps, peak=2e-3, decay=0.995)

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        x = batch(pictures, random.Random(f"{seed}/encoder/{step}"), 8)
        mean, log_variance = vae.quant_conv(vae.encoder(x)).chunk(2, dim=1)
        error = (mean - codes.encode(x)).square().mean()
        return error + 1e-3 * (log_variance - LOG_VARIANCE).square().mean(), {"error": error.item()}

    loop.run(loss_at)
    return loop.final
