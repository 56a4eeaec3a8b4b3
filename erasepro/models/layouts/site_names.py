"""A site's name in other layouts. A site: "<component>.<module path>", for example "unet.….attn2.to_k"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from erasepro.errors import UserError

TEXT_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
COMPONENTS = (*TEXT_ENCODERS, "unet", "transformer", "transformer_2")
CLIP_LAYER = re.compile(r"(?:text_model\.)?(encoder\.layers\.\d+\..+)")


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


def is_clip(path: str) -> bool:
    """Whether this is the path of a layer of CLIP's text model."""
    return CLIP_LAYER.fullmatch(path) is not None


def weight_keys(site: str) -> list[str]:
    """The names that the weight can have in its component's file, by transformers' version."""
    component, path = split(site)
    if component in TEXT_ENCODERS and is_clip(path):
        return [f"text_model.{path}.weight", f"{path}.weight"]
    return [f"{path}.weight"]


def is_xl(sites: Iterable[str]) -> bool:
    """Whether the sites are SDXL's: a second text encoder, or several transformer blocks in one attention."""
    return any(s.startswith("text_encoder_2.") or re.match(r"unet\..*transformer_blocks\.[1-9]", s) for s in sites)
