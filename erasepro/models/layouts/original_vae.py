"""The VAE's layers in the original Stable Diffusion layout."""

from __future__ import annotations

import re

RULES = (
    (r"(encoder|decoder)\.conv_norm_out", r"\1.norm_out"),
    (r"encoder\.down_blocks\.(\d+)\.resnets\.(\d+)\.(.+)", r"encoder.down.\1.block.\2.\3"),
    (r"encoder\.down_blocks\.(\d+)\.downsamplers\.0\.conv", r"encoder.down.\1.downsample.conv"),
    (r"decoder\.up_blocks\.(\d+)\.resnets\.(\d+)\.(.+)", r"decoder.up.\1.block.\2.\3"),
    (r"decoder\.up_blocks\.(\d+)\.upsamplers\.0\.conv", r"decoder.up.\1.upsample.conv"),
    (r"(encoder|decoder)\.mid_block\.resnets\.(\d+)\.(.+)", r"\1.mid.block_\2.\3"),
    (r"(encoder|decoder)\.mid_block\.attentions\.0\.(.+)", r"\1.mid.attn_1.\2"),
)
AS_IS = re.compile(r"(encoder|decoder)\.conv_(in|out)|(post_)?quant_conv")
ATTENTION = {  # the second name of each pair is the one of older folders
    "q": ("to_q", "query"),
    "k": ("to_k", "key"),
    "v": ("to_v", "value"),
    "proj_out": ("to_out.0", "proj_attn"),
    "norm": ("group_norm",),
}


def original_vae(path: str, blocks: int) -> str | None:
    """The original name of a module, or None for one that this layout lacks.

    Args:
        path: diffusers' name without `.weight` or `.bias`.
        blocks: up blocks of the decoder, which the original counts from the last.
    """
    if AS_IS.fullmatch(path):
        return path
    for pattern, template in RULES:
        match = re.fullmatch(pattern, path)
        if match:
            return _inner(match.expand(template), blocks)
    return None


def is_attention_matrix(name: str) -> bool:
    """Whether the original keeps this weight as a 1 × 1 convolution: (d, d, 1, 1) where diffusers has (d, d)."""
    return re.search(r"\.attn_1\.(q|k|v|proj_out)\.weight$", name) is not None


def _inner(name: str, blocks: int) -> str | None:
    """Counting and inner names: the up blocks from the last, the middle's resnets from 1, the attention's parts."""
    name = re.sub(r"(?<=decoder\.up\.)\d+", lambda m: str(blocks - 1 - int(m[0])), name)
    name = re.sub(r"(?<=mid\.block_)\d+", lambda m: str(int(m[0]) + 1), name)
    name = name.replace("conv_shortcut", "nin_shortcut")
    head, attention, part = name.partition(".attn_1.")
    if not attention:
        return name
    inner = [original for original, names in ATTENTION.items() if part in names]
    return f"{head}.attn_1.{inner[0]}" if inner else None
