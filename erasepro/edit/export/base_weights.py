"""The base model's weights for an edit that is kept as W_o D, where an export needs ΔW = W_o D itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from erasepro.edit.export import base_folder, single_file
from erasepro.edit.mapped_update import MappedUpdate
from erasepro.edit.rebuild import rebuild_updates
from erasepro.errors import UserError
from erasepro.models.layouts.site_names import split
from erasepro.models.load import MINIATURE
from erasepro.models.safetensors_stream import read_source

if TYPE_CHECKING:
    from erasepro.edit import Edit


def is_mapped_edit(edit: Edit) -> bool:
    """Whether any ΔW of the edit is kept as W_o D, so that a base is of use to every export."""
    return any(isinstance(update, MappedUpdate) for update in edit.updates.values())


def multiply_out(edit: Edit, base: Path | None, variant: str | None) -> Edit:
    """The edit with every ΔW by itself.

    Args:
        base: the base model's folder in diffusers' layout, or a checkpoint in the original layout. None: the model that the
            edit names, where it lies on this disk; nothing is downloaded.
        variant: the folder's weights to use where it has several.

    Raises:
        UserError: no base, another model, or a damaged file.
    """
    missing = [site for site, u in edit.updates.items() if isinstance(u, MappedUpdate) and u.product is None]
    if not missing:
        return edit
    place = base if base is not None else model_on_disk(edit.meta.get("model", {}))
    if place is None:
        name = edit.meta.get("model", {}).get("name", "unknown")
        raise UserError(
            f"This edit is kept without the products with its base model's weights, and a LoRA needs them: give base=…, the "
            f"unedited model {name!r}, as a folder in diffusers' layout or an original checkpoint."
        )
    return replace(edit, updates=rebuild_updates(edit, _reader(missing, place, variant)))


def model_on_disk(model: dict[str, Any]) -> Path | None:
    """Where the model that an edit names lies: its own folder or file, or the hub's cache; None where it does not."""
    if model.get("kind") == "miniature":
        return MINIATURE
    source = str(model.get("source") or "").strip()
    if not source:
        return None
    path = Path(source).expanduser()
    if path.exists():
        return path
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        index = try_to_load_from_cache(source, "model_index.json", revision=model.get("revision"))
    except HFValidationError:
        return None
    return Path(index).parent if isinstance(index, str) else None


def _reader(sites: list[str], base: Path, variant: str | None) -> Callable[[str], Tensor]:
    """A function that gives a site's base weight (d_out, d_in)."""
    if base.is_file():
        source = read_source(base)

        def from_file(site: str) -> Tensor:
            name, third = single_file.find(site, source.entries, base)
            stored = source.read(name)
            return stored if third is None else stored.chunk(3)[third]

        return from_file
    base_folder.check_base_folder(base)
    parts = base_folder.components(base, dict.fromkeys(split(site)[0] for site in sites), variant)

    def from_folder(site: str) -> Tensor:
        source, key = base_folder.find(site, parts[split(site)[0]].sources)
        return source.read(key)

    return from_folder
