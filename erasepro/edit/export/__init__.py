"""Edits for other tools: LoRAs in two layouts, and whole models in two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.edit.export.base_weights import is_mapped_edit, multiply_out
from erasepro.edit.export.comfyui import workflow_path
from erasepro.edit.export.export_card import card_path, export_card
from erasepro.edit.export.folder import export_folder
from erasepro.edit.export.kohya import export_kohya
from erasepro.edit.export.lora import export_lora
from erasepro.edit.export.result import WARNING, Exported
from erasepro.edit.export.single_file import export_single_file
from erasepro.edit.record import check_edit
from erasepro.errors import UserError, unknown
from erasepro.runtime.files import as_path, creating, refuse_existing
from erasepro.runtime.temporaries import remove

if TYPE_CHECKING:
    from erasepro.edit import Edit

FORMATS = ("lora", "kohya", "diffusers", "single_file")
ONE_FILE = ("kohya", "single_file")
WHOLE = ("diffusers", "single_file")  # those that are made from a base model

__all__ = ["FORMATS", "WARNING", "Exported", "export_edit"]


def export_edit(
    edit: Edit,
    path: str | Path,
    format: str = "lora",
    base: str | Path | None = None,
    rank: int | None = None,
    variant: str | None = None,
) -> Exported:
    """Write what the edit does, at its strength, in a form that other tools load.

    Args:
        path: what to write: a folder (lora, diffusers) or a .safetensors file (kohya, single_file; lora too). A card goes into
            the folder or beside the file (dog.md), beside a kohya file a ComfyUI workflow too (dog.comfyui.json).
        format: "lora": diffusers' `load_lora_weights`. "kohya": ComfyUI, A1111, diffusers. "diffusers": the whole
            pipeline's folder. "single_file": a whole checkpoint in the original layout (Stable Diffusion 1.x, 2.x, XL).
        base: the unedited model that a whole one is made from: a pipeline's folder, or for "single_file" also a
            checkpoint in the original layout. The result keeps the base's dtype: a float16 base rounds the edit to it. A
            LoRA takes one of either kind where the edit is kept as W_o D (large ones are); None: the model that the edit
            names, where it is on this disk.
        rank: LoRAs only: the rank kept of a dense ΔW (others have exact factors); None: the smallest that loses
            less than 1e-3 of its Frobenius norm, at most 128.
        variant: the base folder's weights to use where it has several, for example "fp16".

    Returns:
        The path, the weights changed by part, their ranks, what truncation and rounding lost, and which loader reads all of it;
        `str()` of it is one line.

    Raises:
        UserError: no edit or no path; an unknown format; an existing or unwritable target, a full disk; a missing, truncated,
            pickled or wrong base (its tensors are not those the edit was solved on). Nothing half written stays behind.
    """
    check_edit(edit)
    if format not in FORMATS:
        raise unknown("export format", str(format), FORMATS)
    target = as_path(path, "what to write").expanduser()
    if format in ONE_FILE and target.suffix != ".safetensors":
        raise UserError(f"format={format} writes one file: give a name that ends in .safetensors, not {str(path)!r}.")
    for key, value in (("base", base), ("variant", variant)):
        if format not in WHOLE and value is not None and not is_mapped_edit(edit):
            raise UserError(f"format={format} takes no {key}: only {' and '.join(WHOLE)} are made from a base.")
    if format in WHOLE and rank is not None:
        raise UserError(f"format={format} takes no rank: it holds the full change of every weight.")
    refuse_existing(target)
    for other in _beside(target, format):
        refuse_existing(other)
    done = replace(_export(edit, target, format, base, rank, variant), strength=edit.strength)
    written = [done.path]
    try:
        beside = (*done.beside, (card_path(done), export_card(edit, done)))
        for place, text in beside:
            with creating(place) as temporary:
                temporary.write_text(text, encoding="utf-8")
            written.append(place)
    except BaseException:  # all of them or none
        for place in written:
            remove(place)
        raise
    return replace(done, beside=beside)


def _beside(target: Path, format: str) -> list[Path]:
    """The files that are written beside a file of this format."""
    if format == "kohya":
        return [workflow_path(target), target.with_suffix(".md")]
    return [target.with_suffix(".md")] if target.suffix == ".safetensors" else []


def _export(
    edit: Edit, target: Path, format: str, base: str | Path | None, rank: int | None, variant: str | None
) -> Exported:
    """The export alone, without what goes beside it."""
    if format not in WHOLE:
        edit = multiply_out(edit, None if base is None else as_path(base, "the base model").expanduser(), variant)
    if format == "lora":
        return export_lora(edit, target, rank)
    if format == "kohya":
        return export_kohya(edit, target, rank)
    if base is None:
        kinds = "a pipeline's folder" if format == "diffusers" else "a checkpoint or a pipeline's folder"
        raise UserError(f"format={format} needs base=…: {kinds} with the unedited weights.")
    source = as_path(base, "the base model").expanduser()
    if format == "diffusers":
        return export_folder(edit, target, source, variant)

    return export_single_file(edit, target, source, variant)
