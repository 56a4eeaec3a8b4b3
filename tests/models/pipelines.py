"""Tiny random pipelines of the real diffusers classes, one an architecture; and the real models' configs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLCogVideoX,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

from erasepro.models.tiny import WORDS, tiny_pipeline, tiny_tokenizer

LENGTH = 64


def spread(module: torch.nn.Module) -> Any:
    """Matrices of unit gain: the libraries' own start is so small that every token looks alike."""
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim == 2:
                p.copy_(torch.randn_like(p) / p.shape[1] ** 0.5)
    return module.eval()


def clip(width: int, projected: bool, blocks: int = 3, pad: str = "<|endoftext|>") -> tuple[Any, Any]:
    """A text encoder (projecting to its own width) and its tokenizer."""
    tokenizer = tiny_tokenizer(LENGTH)
    tokenizer.pad_token = pad
    config = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=blocks,
        num_attention_heads=4, max_position_embeddings=LENGTH, projection_dim=width, hidden_act="gelu",
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return spread((CLIPTextModelWithProjection if projected else CLIPTextModel)(config)), tokenizer


def t5(width: int = 32, umt5: bool = False) -> tuple[Any, Any]:
    """A T5 (or UMT5) encoder and a tokenizer of whole words and letters."""
    words = [f"▁{w}" for w in WORDS] + ["▁"] + [chr(c) for c in range(33, 127)]
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(w, -1.0 - 0.001 * i) for i, w in enumerate(words)]
    tokenizer = T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=512)
    kind, model = (UMT5Config, UMT5EncoderModel) if umt5 else (T5Config, T5EncoderModel)
    config = kind(
        vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=2 * width, num_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False,
    )  # fmt: skip
    encoder = spread(model(config))
    with torch.no_grad():
        for name, p in encoder.named_parameters():
            if "relative_attention_bias" in name:
                p.mul_(0.3)
    return encoder, tokenizer


def vae(channels: int = 4) -> Any:
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=channels, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4,
        sample_size=16, shift_factor=0.0, scaling_factor=1.0, use_quant_conv=channels == 4,
        use_post_quant_conv=channels == 4,
    ).eval()  # fmt: skip


def sdxl() -> Any:
    (one, tokenizer), (two, tokenizer_2) = clip(32, False), clip(48, True, pad="!")
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=80, attention_head_dim=8, norm_num_groups=8, transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=48 + 6 * 8,
        use_linear_projection=True,
    )  # fmt: skip
    return StableDiffusionXLPipeline(
        vae=vae(), text_encoder=one, text_encoder_2=two, tokenizer=tokenizer, tokenizer_2=tokenizer_2,
        unet=unet.eval(), scheduler=DDIMScheduler(num_train_timesteps=100, clip_sample=False, set_alpha_to_one=False),
        add_watermarker=False,
    )  # fmt: skip


def sd3(with_t5: bool = True) -> Any:
    (one, tokenizer), (two, tokenizer_2) = clip(32, True), clip(48, True, pad="!")
    three, tokenizer_3 = t5(96)
    transformer = SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=16, out_channels=16, num_layers=2, attention_head_dim=8,
        num_attention_heads=4, joint_attention_dim=96, caption_projection_dim=32, pooled_projection_dim=80,
    )  # fmt: skip
    return StableDiffusion3Pipeline(
        transformer=transformer.eval(), scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae(16), text_encoder=one,
        tokenizer=tokenizer, text_encoder_2=two, tokenizer_2=tokenizer_2, text_encoder_3=three if with_t5 else None,
        tokenizer_3=tokenizer_3 if with_t5 else None,
    )  # fmt: skip


def flux() -> Any:
    (one, tokenizer), (two, tokenizer_2) = clip(32, False), t5(48)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=48, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=False,
    )  # fmt: skip
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae(4), text_encoder=one, tokenizer=tokenizer,
        text_encoder_2=two, tokenizer_2=tokenizer_2, transformer=transformer.eval(),
    )  # fmt: skip


def pixart() -> Any:
    encoder, tokenizer = t5(48)
    transformer = PixArtTransformer2DModel(
        sample_size=8, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=4, in_channels=4,
        caption_channels=48, cross_attention_dim=32, out_channels=8, norm_num_groups=8, use_additional_conditions=False,
        interpolation_scale=1,
    )  # fmt: skip
    return PixArtSigmaPipeline(
        tokenizer=tokenizer, text_encoder=encoder, vae=vae(), transformer=spread(transformer),
        scheduler=DPMSolverMultistepScheduler(num_train_timesteps=100),
    )  # fmt: skip


def wan(experts: int = 1) -> Any:
    encoder, tokenizer = t5(48, umt5=True)

    def expert() -> Any:
        return spread(WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16,
            text_dim=48, freq_dim=16, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
        ))  # fmt: skip

    decoder = AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    return WanPipeline(
        tokenizer=tokenizer, text_encoder=encoder, vae=decoder.eval(), transformer=expert(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0), transformer_2=expert() if experts == 2 else None,
        boundary_ratio=0.875 if experts == 2 else None,
    )  # fmt: skip


def cogvideox() -> Any:
    encoder, tokenizer = t5(32)
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=4, attention_head_dim=8, in_channels=4, out_channels=4, time_embed_dim=2, text_embed_dim=32,
        num_layers=1, sample_width=2, sample_height=2, sample_frames=9, patch_size=2, temporal_compression_ratio=4,
        max_text_seq_length=226,
    )  # fmt: skip
    decoder = AutoencoderKLCogVideoX(
        in_channels=3, out_channels=3, down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4, block_out_channels=(8, 8, 8, 8), latent_channels=4,
        layers_per_block=1, norm_num_groups=2, temporal_compression_ratio=4,
    )  # fmt: skip
    return CogVideoXPipeline(
        tokenizer=tokenizer, text_encoder=encoder, vae=decoder.eval(), transformer=transformer.eval(),
        scheduler=CogVideoXDDIMScheduler(),
    )  # fmt: skip


BUILDERS: dict[str, Callable[[], Any]] = {
    "stable-diffusion": tiny_pipeline,
    "sdxl": sdxl,
    "sd3": sd3,
    "sd3-without-t5": lambda: sd3(False),
    "flux": flux,
    "pixart": pixart,
    "wan": wan,
    "wan-two-experts": lambda: wan(2),
    "cogvideox": cogvideox,
}

CALLS: dict[str, dict[str, Any]] = {
    "wan": {"height": 16, "width": 16, "num_frames": 5},
    "cogvideox": {"height": 16, "width": 16, "num_frames": 8},
    "flux": {"height": 16, "width": 16},
    "pixart": {"use_resolution_binning": False, "clean_caption": False, "height": 16, "width": 16},
}
"""What a pipeline's call needs beside a prompt, by the architecture's name up to the first dash."""


def build(name: str, seed: int = 0) -> Any:
    """A tiny pipeline by name; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipe = BUILDERS[name]()
    pipe.set_progress_bar_config(disable=True)
    return pipe


def draw(name: str, pipe: Any, prompt: str, seed: int = 0, guidance: float = 3.0) -> torch.Tensor:
    """What the pipeline draws in two steps: pixels, or frames of pixels."""
    options = CALLS.get(name.partition("-")[0], {})
    done = pipe(
        prompt, generator=torch.Generator().manual_seed(seed), num_inference_steps=2, guidance_scale=guidance,
        output_type="pt", **options,
    )  # fmt: skip
    return done[0]
