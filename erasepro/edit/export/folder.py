"""The whole pipeline with the edit in its weights, as a folder in diffusers' layout."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.edit.export.base_folder import Component, check_base_folder, components, is_weights, patches
from erasepro.edit.export.loaders import count_parts, folder_reader
from erasepro.edit.export.result import Exported
from erasepro.errors import UserError
from erasepro.models.layouts.site_names import split
from erasepro.models.safetensors_stream import read_source, rewrite
from erasepro.runtime.files import creating

if TYPE_CHECKING:
    from erasepro.edit import Edit


def export_folder(edit: Edit, target: Path, base: Path, variant: str | None = None) -> Exported:
    """Copy `base` to `target`, the edited tensors replaced by what `Edit.apply` makes of them; all else byte for byte.

    Other copies of an edited part's weights (pickled ones, other variants) and single files beside model_index.json
    still hold what was erased: they are left out, and counted in the result.

    Raises:
        UserError: see `erasepro.edit.export.export`.
    """
    check_base_folder(base)
    if target.resolve().is_relative_to(base.resolve()):
        raise UserError(f"{str(target)!r} lies inside the base folder: choose a place outside it.")
    parts = components(base, dict.fromkeys(split(site)[0] for site in edit.updates), variant)
    rounding: dict[str, float] = {}
    changes = patches(edit, {part: held.sources for part, held in parts.items()}, rounding)
    files, left_out = _files(base, parts)
    for path in files:
        if path.suffix == ".safetensors":
            read_source(path)  # a file that was cut short is named before anything is written
    with creating(target) as temporary:
        temporary.mkdir()
        for path in files:
            copy = temporary / path.relative_to(base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path in changes:
                rewrite(read_source(path), copy, changes[path])
            else:
                shutil.copyfile(path, copy)
    return Exported(
        target, "diffusers", len(edit.updates), left_out=left_out, rounding=rounding, parts=count_parts(edit.updates),
        reader=folder_reader(edit.updates),
    )  # fmt: skip


def _files(base: Path, parts: dict[str, Component]) -> tuple[list[Path], int]:
    """The files to copy, and how many were left out. Hidden folders (caches, version control) are never copied."""
    unedited = {path for held in parts.values() for path in held.others}
    files = []
    for path in sorted(base.rglob("*")):
        inside = path.relative_to(base)
        if not path.is_file() or any(part.startswith(".") for part in inside.parts[:-1]):
            continue
        if len(inside.parts) == 1 and is_weights(path):
            unedited.add(path)
        files.append(path)
    return [path for path in files if path not in unedited], len(unedited)
