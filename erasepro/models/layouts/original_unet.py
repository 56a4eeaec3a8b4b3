"""The U-Net's layers in the original Stable Diffusion layout (input_blocks, middle_block, output_blocks).

Diffusers counts blocks and layers, the original counts all layers through; n: resnets in a block (layers_per_block).
"""

from __future__ import annotations

import re

TOP = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
LAYER = re.compile(
    r"(down_blocks\.(\d+)|mid_block|up_blocks\.(\d+))\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)


def original_unet(path: str, n: int, with_attention: bool = True) -> str | None:
    """The original name of a module, or None for one that this layout lacks.

    Args:
        path: diffusers' name without `.weight` or `.bias`.
        n: layers_per_block, 2 in every Stable Diffusion.
        with_attention: whether the block has attentions (only its upsampler's place hangs on it).
    """
    if path in TOP:
        return TOP[path]
    match = LAYER.fullmatch(path)
    if not match:
        return None
    block, down, up, kind, number, rest = match.groups()
    if kind == "resnets":
        rest = RESNET.get(rest, "")
    j = int(number)
    if not rest or (kind.endswith("samplers") and rest != "conv"):
        return None
    if block == "mid_block":
        return {"resnets": f"middle_block.{2 * j}.{rest}", "attentions": f"middle_block.{2 * j + 1}.{rest}"}.get(kind)
    if down is not None:
        first = 1 + int(down) * (n + 1)
        return {
            "resnets": f"input_blocks.{first + j}.0.{rest}",
            "attentions": f"input_blocks.{first + j}.1.{rest}",
            "downsamplers": f"input_blocks.{first + n}.0.op",
        }.get(kind)
    first = int(up) * (n + 1)
    return {
        "resnets": f"output_blocks.{first + j}.0.{rest}",
        "attentions": f"output_blocks.{first + j}.1.{rest}",
        "upsamplers": f"output_blocks.{first + n}.{2 if with_attention else 1}.conv",
    }.get(kind)
