"""From checkpoints to what ships: a half-precision pipeline folder, the judge, licences, and the acceptance table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from erasepro.models.miniature.judge import WEIGHTS
from erasepro.recipes.miniature import unet as denoiser
from erasepro.recipes.miniature.latents import load_text, load_vae
from erasepro.recipes.miniature.text import make_tokenizer

LICENSES = """Pictures from which the miniature's weights were trained (none of them is shipped; only the weights are)

noto      Noto Emoji, (c) Google, Apache License 2.0                     npm package @iconify-json/noto
twemoji   Twemoji, (c) Twitter, Inc. and other contributors, CC BY 4.0   npm package @iconify-json/twemoji
fluent    Fluent Emoji, (c) Microsoft, MIT                               npm package @iconify-json/fluent-emoji
ink       Fluent Emoji High Contrast, (c) Microsoft, MIT                 npm package @iconify-json/fluent-emoji-high-contrast

The weights themselves are part of erasepro and under its licence (Apache-2.0); drawings made with them that resemble a
Twemoji picture should carry the attribution above.
"""


def load_unet(file: Path) -> UNet2DConditionModel:
    """A denoiser from one weights file of the training (final or a snapshot), in evaluation mode."""
    unet = UNet2DConditionModel(**denoiser.CONFIG)
    weights = load_file(str(file))
    ema = {k[4:]: v for k, v in weights.items() if k.startswith("ema.")}
    unet.load_state_dict(ema or weights)
    return unet.eval().requires_grad_(False)


def pipeline(work: Path, unet_file: Path | None = None, vae: Any = None) -> StableDiffusionPipeline:
    """The trained parts as a StableDiffusionPipeline in float32."""
    return StableDiffusionPipeline(
        vae=vae or load_vae(work),
        text_encoder=load_text(work),
        tokenizer=make_tokenizer(work / "tokenizer"),
        unet=load_unet(unet_file or work / "tuned" / "final.safetensors"),
        scheduler=DPMSolverMultistepScheduler(
            **denoiser.NOISE, algorithm_type="dpmsolver++", solver_order=2, steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def judge_weights(work: Path) -> dict[str, torch.Tensor]:
    """Averaged weights of the judge (picture.*, word.*) and of the feature network (features.*)."""
    weights = load_file(str(work / "judge" / "final.safetensors"))
    return weights | {f"features.{k}": v for k, v in load_file(str(work / "features" / "final.safetensors")).items()}


NONE_THRESHOLD = 0.5
"""A concept is named only where it is likelier than all others and "nothing" together."""


def export(work: Path, scale: float, folder: Path = WEIGHTS) -> None:
    """Write `folder`/pipeline (fp16 safetensors, diffusers layout), judge.safetensors, judge.json and LICENSES."""
    pipeline(work).to(dtype=torch.float16).save_pretrained(folder / "pipeline", safe_serialization=True)
    halved = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in judge_weights(work).items()}
    save_file(halved, str(folder / "judge.safetensors"))
    (folder / "judge.json").write_text(
        json.dumps({"none_threshold": NONE_THRESHOLD, "feature_scale": scale}, indent=2) + "\n"
    )
    (folder / "LICENSES").write_text(LICENSES)
