"""Text encoders in single-file checkpoints: CLIP as transformers has it, or OpenCLIP with q, k and v in one matrix.

OpenCLIP's in_proj_weight is (3·d, d): the rows of q, then of k, then of v.
"""

from __future__ import annotations

import re

OPEN_CLIP_LAYER = {
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
}
OPEN_CLIP_TOP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
FUSED = ("q", "k", "v")
# where a checkpoint keeps each encoder: the beginnings of the tensors' names, the usual one first
CLIP_PREFIXES = {
    "text_encoder": (
        "cond_stage_model.transformer.text_model.",
        "conditioner.embedders.0.transformer.text_model.",
        "cond_stage_model.transformer.",
    )
}
OPEN_CLIP_PREFIXES = {
    "text_encoder": ("cond_stage_model.model.",),
    "text_encoder_2": ("conditioner.embedders.1.model.", "conditioner.embedders.0.model."),
}


def open_clip(key: str) -> tuple[str, int | None] | None:
    """The original name of a tensor, and its third of the rows where q, k and v are one; None for an unknown one.

    Args:
        key: transformers' name without a leading `text_model.`, with `.weight` or `.bias`.
    """
    if key in OPEN_CLIP_TOP:
        return OPEN_CLIP_TOP[key], None
    match = re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", key)
    if not match:
        return None
    layer, module, kind = match.groups()
    fused = re.fullmatch(r"self_attn\.([qkv])_proj", module)
    if fused:
        return f"transformer.resblocks.{layer}.attn.in_proj_{kind}", FUSED.index(fused[1])
    if module in OPEN_CLIP_LAYER:
        return f"transformer.resblocks.{layer}.{OPEN_CLIP_LAYER[module]}.{kind}", None
    return None
