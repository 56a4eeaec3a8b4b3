"""What the denoiser trains on, computed once: latents of composed pictures, and text features of captions true of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from erasepro.concepts.miniature.captions import caption
from erasepro.concepts.miniature.names import BACKGROUNDS, DRAWABLES, STYLES
from erasepro.recipes.miniature.codes import make_codes
from erasepro.recipes.miniature.pictures import Pictures, to_unit
from erasepro.recipes.miniature.text import LENGTH, make_tokenizer, text_config
from erasepro.recipes.miniature.vae import CONFIG, blank


def load_vae(work: Path) -> AutoencoderKL:
    """The trained autoencoder, in evaluation mode, from the averaged weights of its two halves."""
    vae = AutoencoderKL(**CONFIG)
    halves = [load_file(str(work / half / "final.safetensors")) for half in ("encoder", "decoder")]
    vae.load_state_dict(halves[0] | halves[1])
    return vae.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def load_decoder(work: Path) -> AutoencoderKL:
    """The same with an untrained encoder: enough to draw with, before the encoder is trained."""
    vae = blank(0)
    vae.load_state_dict(load_file(str(work / "decoder" / "final.safetensors")), strict=False)
    return vae.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def load_text(work: Path) -> CLIPTextModel:
    """The trained text tower alone, from the averaged weights of both towers."""
    text = CLIPTextModel(text_config(make_tokenizer(work / "tokenizer")))
    weights = load_file(str(work / "text" / "final.safetensors"))
    text.load_state_dict({k[5:]: v for k, v in weights.items() if k.startswith("text.")})
    return text.eval().requires_grad_(False)


SIDES = {"small": (42,), "medium": (54, 56), "large": (62,)}
"""Sprite sides the denoiser learns; always in the middle, so that few steps draw sharp pictures."""


@dataclass(frozen=True)
class Bank:
    """Latents (N, 16, 8, 8), text features (N, captions, 32, 256) in float16, the empty caption's (32, 256)."""

    latents: torch.Tensor
    features: torch.Tensor
    empty: torch.Tensor


@torch.inference_mode()
def make_bank(
    work: Path, *, variants: int = 5, captions: int = 6, seed: int = 3, detail: float = 0.6, styled: float = 0.55
) -> Bank:
    """`variants` pictures for each concept × style × background, with `captions` captions each; cached in `work`.

    A share `styled` of the captions names the style; `detail`: how much else they say.
    """
    file = work / f"bank_{variants}_{captions}{'' if seed == 3 else f'_{seed}'}.safetensors"
    if not file.exists():
        pictures, codes, text = Pictures(work), make_codes(work), load_text(work)
        tokenizer = make_tokenizer(work / "tokenizer")
        rng = random.Random(f"bank/{seed}")
        images, texts = [], []
        for concept, drawable in enumerate(DRAWABLES):
            for style_index, style in enumerate(STYLES):
                for background, colour in BACKGROUNDS.items():
                    for _ in range(variants):
                        size = rng.choices(list(SIDES), weights=(0.15, 0.55, 0.3))[0]
                        images.append(pictures.draw(concept, style_index, colour, rng.choice(SIDES[size])))
                        for _ in range(captions):
                            synonym = drawable.synonym if rng.random() < 0.2 else None
                            said = caption(rng, synonym or drawable.name, style, background, size, detail, styled)
                            texts.append(said.text)
        latents = torch.cat(
            [codes.encode(to_unit(np.stack(images[i : i + 64]))).half() for i in range(0, len(images), 64)]
        )

        def encode(batch: list[str]) -> torch.Tensor:
            ids = tokenizer(
                batch, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
            ).input_ids
            return text(input_ids=ids).last_hidden_state.half()

        features = torch.cat([encode(texts[i : i + 64]) for i in range(0, len(texts), 64)])
        save_file(
            {
                "latents": latents.contiguous(),
                "features": features.view(len(images), captions, LENGTH, -1).contiguous(),
                "empty": encode([""])[0].contiguous(),
            },
            str(file),
        )
    data = load_file(str(file))
    return Bank(data["latents"], data["features"], data["empty"])
