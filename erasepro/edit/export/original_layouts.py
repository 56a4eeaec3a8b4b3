"""Which models the layouts from before diffusers (kohya's LoRA, the original single file) can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.edit.meta import architecture_name
from erasepro.errors import UserError
from erasepro.models.layouts.site_names import split

if TYPE_CHECKING:
    from erasepro.edit import Edit

HELD = ("stable-diffusion", "sdxl")
WITHOUT_PLACE = ("transformer", "transformer_2", "text_encoder_3")


def refuse_others(edit: Edit, layout: str, instead: str) -> None:
    """Raise UserError for an edit of another model than Stable Diffusion 1, 2 or XL, even where it changes no denoiser.

    Args:
        layout: its name, for the message.
        instead: what to write, for the message.
    """
    architecture = architecture_name(edit.meta)
    foreign = next(
        (site for site in edit.updates if split(site)[0] in ("transformer", "transformer_2", "text_encoder_3")), None
    )
    if foreign is not None or (architecture and architecture not in HELD):
        what = f"an edit of {architecture}" if foreign is None else f"'{foreign}'"
        raise UserError(f"{layout} is Stable Diffusion's (1.x, 2.x, XL) and has no place for {what}: use {instead}.")
