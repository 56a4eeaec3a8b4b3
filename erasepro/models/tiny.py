"""A tiny random pipeline of the real classes, for tests and dry runs: no download, no meaning in what it draws."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from erasepro.errors import UserError

WORDS = (
    "a", "an", "the", "of", "in", "on", "with", "and", "by", "style", "art", "artist", "artwork", "person",
    "photo", "picture", "painting", "image", "drawing", "background", "plain", "small", "large", "sunny", "day",
    "dog", "cat", "apple", "pear", "car", "bus", "tree", "house", "horse", "bird", "man", "nude", "clothed",
    "red", "blue", "green", "yellow", "grumpy", "van", "gogh", "monet",
)  # fmt: skip


def tiny_pipeline(seed: int = 0, blocks: int = 3, width: int = 32, length: int = 32) -> Any:
    """A random `StableDiffusionPipeline`: CLIP text encoder, U-Net on 8 × 8 × 4 latents, VAE to 16 × 16 pixels.

    Args:
        seed: of the weights; the global random state is left as it was.
        blocks, width, length: text encoder blocks, their width (a multiple of 8), tokens of context.

    Raises UserError for a seed that torch cannot take.
    """
    if not -(2**63) <= seed < 2**63:
        raise UserError(f"model.seed must lie between -2**63 and 2**63 - 1; got {seed}.")
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    tokenizer = tiny_tokenizer(length)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=blocks,
                num_attention_heads=4, max_position_embeddings=length, projection_dim=width,
                bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )  # fmt: skip
        with torch.no_grad():  # CLIP's own start is so small that every token looks alike
            for p in text_encoder.parameters():
                if p.ndim == 2:
                    p.copy_(torch.randn_like(p) / p.shape[1] ** 0.5)
        unet: Any = UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=width, attention_head_dim=8, norm_num_groups=8,
        )  # fmt: skip
        vae: Any = AutoencoderKL(
            in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(8, 16), layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4, sample_size=16,
        )  # fmt: skip
    pipe: Any = StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=text_encoder.eval(), tokenizer=tokenizer, unet=unet.eval(),
        scheduler=DDIMScheduler(num_train_timesteps=100, clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def tiny_tokenizer(length: int = 32) -> Any:
    """A real `CLIPTokenizer` over WORDS (each one token) and letters (any other word, in pieces)."""
    from transformers import CLIPTokenizer

    vocab, merges = _vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
        Path(folder, "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=length)


def _vocabulary() -> tuple[dict[str, int], list[str]]:
    """Characters, then the merges that glue each of WORDS from the left, then the two special tokens."""
    signs = [chr(c) for c in range(33, 127)]
    tokens = [*signs, *(s + "</w>" for s in signs)]
    merges: list[str] = []
    for word in WORDS:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            pair = f"{pieces[0]} {pieces[1]}"
            if pair not in merges:
                merges.append(pair)
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
            if pieces[0] not in tokens:
                tokens.append(pieces[0])
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(tokens)}, merges
