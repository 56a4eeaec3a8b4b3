"""The whole model with the edit in its weights, as one file in the original Stable Diffusion layout (1.x, 2.x, XL)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.edit.export.from_folder import pieces
from erasepro.edit.export.loaders import count_parts, single_file_reader
from erasepro.edit.export.original_layouts import refuse_others
from erasepro.edit.export.patches import Patch, chained, patch_of
from erasepro.edit.export.result import Exported
from erasepro.errors import UserError
from erasepro.models.layouts.original_text import CLIP_PREFIXES, OPEN_CLIP_PREFIXES, open_clip
from erasepro.models.layouts.original_unet import original_unet
from erasepro.models.layouts.site_names import is_clip, layer_and_parameter, parameter_path, split
from erasepro.models.safetensors_stream import Entry, read_source, rewrite, write
from erasepro.runtime.files import creating

if TYPE_CHECKING:
    from erasepro.edit import Edit

UNET = "model.diffusion_model."


def export_single_file(edit: Edit, target: Path, base: Path, variant: str | None = None) -> Exported:
    """Write the file `target` from a checkpoint in the same layout, or from a folder in diffusers' layout.

    From a checkpoint, all tensors that the edit does not name stay byte for byte, and so does the header.

    Raises:
        UserError: see `erasepro.edit.export.export`.
    """
    refuse_others(edit, "The original single-file layout", "format=diffusers")
    rounding: dict[str, float] = {}
    done = Exported(
        target, "single_file", len(edit.updates), rounding=rounding, parts=count_parts(edit.updates),
        reader=single_file_reader(edit.updates),
    )  # fmt: skip
    if base.is_dir():
        content = pieces(edit, base, variant, rounding)
        with creating(target) as temporary:
            write(temporary, content, {"format": "pt"})
        return done
    source = read_source(base)
    if any(name.startswith("model_ema.") for name in source.entries):
        raise UserError(f"{str(base)!r} also holds unedited weights (model_ema.*): remove them from the file first.")
    patches: dict[str, list[Patch]] = {}
    for site in edit.updates:
        name, third = find(site, source.entries, base)
        patches.setdefault(name, []).append(patch_of(edit, site, rounding, third))
    changes = {name: partial(chained, held) for name, held in patches.items()}
    for name, change in changes.items():
        change(source.read(name))  # a wrong base is named before anything is written
    with creating(target) as temporary:
        rewrite(source, temporary, changes)
    return done


def find(site: str, entries: dict[str, Entry], base: Path) -> tuple[str, int | None]:
    """The checkpoint's tensor that holds a site's weight, and its third of the rows where q, k and v are one.

    Raises:
        UserError: the file has no such tensor.
    """
    part, path = split(site)
    candidates: list[tuple[str, int | None]] = []
    if part == "unet":
        layer, leaf = layer_and_parameter(path)
        n = layers_per_block(entries)
        names = [original_unet(layer, n, with_attention) for with_attention in (True, False)]
        candidates = [(f"{UNET}{name}.{leaf or 'weight'}", None) for name in names]
    elif is_clip(path):
        candidates = [(f"{prefix}{parameter_path(path)}", None) for prefix in CLIP_PREFIXES.get(part, ())]
        fused = open_clip(parameter_path(path))
        if fused:
            candidates += [(prefix + fused[0], fused[1]) for prefix in OPEN_CLIP_PREFIXES.get(part, ())]
    for name, third in candidates:
        if name in entries:
            return name, third
    raise UserError(
        f"{str(base)!r} has no tensor for '{site}': give a Stable Diffusion 1.x, 2.x or XL checkpoint in the original "
        "layout, of the model that the edit was solved on."
    )


def layers_per_block(entries: dict[str, Entry]) -> int:
    """Resnets in a block of the checkpoint's U-Net: the layers before the first that halves the resolution."""
    halving = (i for i in range(1, 100) if f"{UNET}input_blocks.{i}.0.op.weight" in entries)
    return next(halving, 3) - 1
