"""The published configs of the supported models, as far as shapes go: what their config.json say, by component."""

from __future__ import annotations

from typing import Any

from erasepro.models import published


def _clip(config: dict[str, Any], kind: str = "CLIPTextModel") -> dict[str, Any]:
    return {"kind": kind, **{k: v for k, v in config.items() if k not in ("architectures", "model_type")}}


def _unet(config: dict[str, Any]) -> dict[str, Any]:
    return {"kind": config["_class_name"], **{k: v for k, v in config.items() if k != "_class_name"}}


CLIP_L = _clip(published.CLIP_L)
CLIP_L_PROJECTED = _clip(published.CLIP_L, "CLIPTextModelWithProjection")
OPENCLIP_H = _clip(published.OPENCLIP_H)
CLIP_G = _clip(published.OPENCLIP_G, "CLIPTextModelWithProjection")
T5_XXL = {
    "kind": "T5EncoderModel",
    "vocab_size": 32128,
    "d_model": 4096,
    "d_ff": 10240,
    "d_kv": 64,
    "num_layers": 24,
    "num_heads": 64,
    "feed_forward_proj": "gated-gelu",
    "is_encoder_decoder": False,
    "use_cache": False,
    "tie_word_embeddings": False,
}
UMT5_XXL = T5_XXL | {"kind": "UMT5EncoderModel", "vocab_size": 256384}

SD1_UNET, SD2_UNET, SDXL_UNET = map(_unet, (published.SD1_UNET, published.SD2_UNET, published.SDXL_UNET))
SD3_MEDIUM = {
    "kind": "SD3Transformer2DModel",
    "sample_size": 128,
    "patch_size": 2,
    "in_channels": 16,
    "out_channels": 16,
    "num_layers": 24,
    "attention_head_dim": 64,
    "num_attention_heads": 24,
    "joint_attention_dim": 4096,
    "caption_projection_dim": 1536,
    "pooled_projection_dim": 2048,
    "pos_embed_max_size": 192,
}
SD35_LARGE = SD3_MEDIUM | {
    "num_layers": 38,
    "num_attention_heads": 38,
    "caption_projection_dim": 2432,
    "qk_norm": "rms_norm",
}
FLUX_DEV = {
    "kind": "FluxTransformer2DModel",
    "in_channels": 64,
    "num_layers": 19,
    "num_single_layers": 38,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 4096,
    "pooled_projection_dim": 768,
    "guidance_embeds": True,
}
PIXART_SIGMA = {
    "kind": "PixArtTransformer2DModel",
    "sample_size": 128,
    "patch_size": 2,
    "in_channels": 4,
    "out_channels": 8,
    "num_layers": 28,
    "attention_head_dim": 72,
    "num_attention_heads": 16,
    "caption_channels": 4096,
    "cross_attention_dim": 1152,
    "interpolation_scale": 2,
    "use_additional_conditions": False,
}
WAN_13B = {
    "kind": "WanTransformer3DModel",
    "patch_size": (1, 2, 2),
    "num_attention_heads": 12,
    "attention_head_dim": 128,
    "in_channels": 16,
    "out_channels": 16,
    "text_dim": 4096,
    "freq_dim": 256,
    "ffn_dim": 8960,
    "num_layers": 30,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
}
WAN_14B = WAN_13B | {"num_attention_heads": 40, "ffn_dim": 13824, "num_layers": 40}
COGVIDEOX_2B = {
    "kind": "CogVideoXTransformer3DModel",
    "num_attention_heads": 30,
    "attention_head_dim": 64,
    "in_channels": 16,
    "out_channels": 16,
    "time_embed_dim": 512,
    "text_embed_dim": 4096,
    "num_layers": 30,
    "sample_width": 90,
    "sample_height": 60,
    "sample_frames": 49,
    "patch_size": 2,
    "max_text_seq_length": 226,
}
COGVIDEOX_5B = COGVIDEOX_2B | {"num_attention_heads": 48, "num_layers": 42, "use_rotary_positional_embeddings": True}

MODELS: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "sd14": ("StableDiffusionPipeline", {"text_encoder": CLIP_L, "unet": SD1_UNET}),
    "sd21": ("StableDiffusionPipeline", {"text_encoder": OPENCLIP_H, "unet": SD2_UNET}),
    "sdxl": ("StableDiffusionXLPipeline", {"text_encoder": CLIP_L, "text_encoder_2": CLIP_G, "unet": SDXL_UNET}),
    "sd3": (
        "StableDiffusion3Pipeline",
        {
            "text_encoder": CLIP_L_PROJECTED,
            "text_encoder_2": CLIP_G,
            "text_encoder_3": T5_XXL,
            "transformer": SD3_MEDIUM,
        },
    ),
    "sd35_large": (
        "StableDiffusion3Pipeline",
        {
            "text_encoder": CLIP_L_PROJECTED,
            "text_encoder_2": CLIP_G,
            "text_encoder_3": T5_XXL,
            "transformer": SD35_LARGE,
        },
    ),
    "flux_dev": ("FluxPipeline", {"text_encoder": CLIP_L, "text_encoder_2": T5_XXL, "transformer": FLUX_DEV}),
    "pixart_sigma": ("PixArtSigmaPipeline", {"text_encoder": T5_XXL, "transformer": PIXART_SIGMA}),
    "wan21_1b": ("WanPipeline", {"text_encoder": UMT5_XXL, "transformer": WAN_13B}),
    "wan22_14b": ("WanPipeline", {"text_encoder": UMT5_XXL, "transformer": WAN_14B, "transformer_2": WAN_14B}),
    "cogvideox_2b": ("CogVideoXPipeline", {"text_encoder": T5_XXL, "transformer": COGVIDEOX_2B}),
    "cogvideox_5b": ("CogVideoXPipeline", {"text_encoder": T5_XXL, "transformer": COGVIDEOX_5B}),
}
"""Name → pipeline class, and its networks. `kind` is the class; everything else goes into config.json."""
