"""A site's name in other layouts.

A site: "<component>.<module path>" of a linear, whose weight it stands for ("unet.….attn2.to_k"), or any layer's parameter by
its whole name ("unet.conv_in.weight", "unet.….attn2.to_out.0.bias").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from erasepro.errors import UserError

TEXT_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
COMPONENTS = (*TEXT_ENCODERS, "unet", "transformer", "transformer_2")
PARAMETERS = ("weight", "bias")
CLIP_LAYER = re.compile(r"(?:text_model\.)?(encoder\.layers\.\d+\..+|embeddings\..+|final_layer_norm\..+)")


def split(site: str) -> tuple[str, str]:
    """The component and the module path; a CLIP layer's path without the `text_model.` that comes and goes.

    Raises:
        UserError: a component that is not one of COMPONENTS.
    """
    component, _, path = site.partition(".")
    if component not in COMPONENTS:
        raise UserError(
            f"Cannot export '{site}': only weights of {', '.join(COMPONENTS)} have a place in these formats."
        )
    clip = CLIP_LAYER.fullmatch(path) if component in TEXT_ENCODERS else None
    return component, clip[1] if clip else path


def layer_and_parameter(path: str) -> tuple[str, str | None]:
    """A layer's path, and the name of its parameter; None where the path is a linear's own, which stands for its weight."""
    layer, _, last = path.rpartition(".")
    return (layer, last) if last in PARAMETERS else (path, None)


def parameter_path(path: str) -> str:
    """The path of the parameter that a site's path stands for."""
    return path if layer_and_parameter(path)[1] else f"{path}.weight"


def is_clip(path: str) -> bool:
    """Whether this is the path of a layer of CLIP's text model."""
    return CLIP_LAYER.fullmatch(path) is not None


def weight_keys(site: str) -> list[str]:
    """The names that the weight can have in its component's file, by transformers' version."""
    component, path = split(site)
    if component in TEXT_ENCODERS and is_clip(path):
        return [f"text_model.{parameter_path(path)}", parameter_path(path)]
    return [parameter_path(path)]


def is_xl(sites: Iterable[str]) -> bool:
    """Whether the sites are SDXL's: a second text encoder, or several transformer blocks in one attention."""
    return any(s.startswith("text_encoder_2.") or re.match(r"unet\..*transformer_blocks\.[1-9]", s) for s in sites)
