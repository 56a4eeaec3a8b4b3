"""A tiny random `StableDiffusionXLPipeline` of the real classes: two text encoders, several transformer blocks."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from erasepro.models.tiny import tiny_tokenizer

WIDTHS = {"text_encoder": 32, "text_encoder_2": 40}  # unlike, as in SDXL: loaders tell the encoders apart by them


def tiny_xl(seed: int = 0) -> Any:
    """Like SDXL: CLIP (32 wide) and OpenCLIP (40 wide) side by side, two resnets a block, images of 32 × 32 pixels."""
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        one: Any = CLIPTextModel(text_config(tokenizer, WIDTHS["text_encoder"], "quick_gelu"))
        two: Any = CLIPTextModelWithProjection(text_config(tokenizer, WIDTHS["text_encoder_2"], "gelu"))
        spread(one, two)
        unet: Any = UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), use_linear_projection=True,
            cross_attention_dim=sum(WIDTHS.values()), attention_head_dim=(2, 4), norm_num_groups=8,
            transformer_layers_per_block=(1, 2), addition_embed_type="text_time", addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=WIDTHS["text_encoder_2"] + 6 * 8,
        )  # fmt: skip
        vae: Any = tiny_vae()
    pipe: Any = StableDiffusionXLPipeline(
        vae=vae.eval(), text_encoder=one.eval(), text_encoder_2=two.eval(), tokenizer=tokenizer, unet=unet.eval(),
        tokenizer_2=tokenizer, add_watermarker=False,
        scheduler=DDIMScheduler(num_train_timesteps=100, clip_sample=False, set_alpha_to_one=False, steps_offset=1),
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def tiny_vae() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4, sample_size=16,
    )  # fmt: skip


def text_config(tokenizer: Any, width: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=32, projection_dim=width, hidden_act=act,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip


@torch.no_grad()
def spread(*encoders: Any) -> None:
    """CLIP's own start is so small that every token looks alike."""
    for encoder in encoders:
        for p in encoder.parameters():
            if p.ndim == 2:
                p.copy_(torch.randn_like(p) / p.shape[1] ** 0.5)
