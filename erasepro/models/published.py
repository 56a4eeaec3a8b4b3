"""The published configs of Stable Diffusion 1.x, 2.x and XL, as far as a single-file checkpoint needs them."""

from __future__ import annotations

from typing import Any

END = "<|endoftext|>"
TOKENIZER: dict[str, Any] = {
    "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": END,
    "unk_token": END, "pad_token": END,
}  # fmt: skip

CLIP_L: dict[str, Any] = {
    "architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "vocab_size": 49408, "hidden_size": 768,
    "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 77,
    "hidden_act": "quick_gelu", "projection_dim": 768, "bos_token_id": 49406, "eos_token_id": 49407,
}  # fmt: skip
OPENCLIP_H = CLIP_L | {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16,
    "hidden_act": "gelu", "projection_dim": 512,
}  # fmt: skip
OPENCLIP_G = CLIP_L | {
    "architectures": ["CLIPTextModelWithProjection"], "hidden_size": 1280, "intermediate_size": 5120,
    "num_hidden_layers": 32, "num_attention_heads": 20, "hidden_act": "gelu", "projection_dim": 1280,
}  # fmt: skip

SD1_UNET: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel", "sample_size": 64, "in_channels": 4, "out_channels": 4,
    "layers_per_block": 2, "block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
}  # fmt: skip
SD2_UNET = SD1_UNET | {
    "sample_size": 96, "cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20],
    "use_linear_projection": True,
}  # fmt: skip
SDXL_UNET = SD1_UNET | {
    "sample_size": 128, "block_out_channels": [320, 640, 1280], "cross_attention_dim": 2048,
    "attention_head_dim": [5, 10, 20], "down_block_types": ["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2,
    "up_block_types": ["CrossAttnUpBlock2D"] * 2 + ["UpBlock2D"], "transformer_layers_per_block": [1, 2, 10],
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
VAE: dict[str, Any] = {
    "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": 4, "layers_per_block": 2,
    "block_out_channels": [128, 256, 512, 512], "norm_num_groups": 32, "sample_size": 512, "scaling_factor": 0.18215,
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
}  # fmt: skip
SCHEDULER: dict[str, Any] = {
    "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1,
}  # fmt: skip


def published(width: int) -> dict[str, dict[str, Any]] | None:
    """File name → content of the configs of the model whose text features have this many numbers; None: not known.

    SD 2.x is published with two ways to predict noise, which its file does not tell: its scheduler is that of 2.1 at 768
    pixels (v-prediction).
    """
    if width == 768:
        return _folder("StableDiffusionPipeline", SD1_UNET, [(CLIP_L, END)], VAE, SCHEDULER)
    if width == 1024:
        scheduler = SCHEDULER | {"prediction_type": "v_prediction"}
        return _folder("StableDiffusionPipeline", SD2_UNET, [(OPENCLIP_H, "!")], VAE, scheduler)
    if width == 2048:
        vae = VAE | {"sample_size": 1024, "scaling_factor": 0.13025}
        return _folder("StableDiffusionXLPipeline", SDXL_UNET, [(CLIP_L, END), (OPENCLIP_G, "!")], vae, SCHEDULER)
    return None


def _folder(
    kind: str, unet: dict[str, Any], encoders: list[tuple[dict[str, Any], str]], vae: dict[str, Any], scheduler: Any
) -> dict[str, dict[str, Any]]:
    index: dict[str, Any] = {
        "_class_name": kind, "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", scheduler["_class_name"]],
    }  # fmt: skip
    files = {"unet/config.json": unet, "vae/config.json": vae, "scheduler/scheduler_config.json": scheduler}
    for number, (config, pad) in enumerate(encoders, 1):
        end = "" if number == 1 else f"_{number}"
        index[f"text_encoder{end}"] = ["transformers", config["architectures"][0]]
        index[f"tokenizer{end}"] = ["transformers", "CLIPTokenizer"]
        files[f"text_encoder{end}/config.json"] = config
        files[f"tokenizer{end}/tokenizer_config.json"] = TOKENIZER | {"pad_token": pad}
    return {"model_index.json": index, **files}
