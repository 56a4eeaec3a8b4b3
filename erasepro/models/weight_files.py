"""Which files of a component's folder hold its weights. Their names and indexes are read, no tensor is."""

from __future__ import annotations

from pathlib import Path

from erasepro.errors import UserError
from erasepro.models.weight_names import choose_entry, is_index, variants
from erasepro.runtime.json_text import load_json


def weight_files(folder: Path, variant: str | None = None) -> list[Path]:
    """The safetensors that hold a component's weights, in order; one file, or those that its index names.

    Args:
        variant: as in `weight_names.choose_entry`; folders beside this one are looked at for it.
    """
    names = names_in(folder)
    beside = [other for other in folder.parent.iterdir() if other.is_dir()] if variant and folder.parent.is_dir() else []
    elsewhere = any(variant in variants(names_in(other)) for other in beside)
    entry = choose_entry(str(folder), names, variant, elsewhere)
    if not is_index(entry):
        return [folder / entry]
    shards = indexed_files(folder / entry)
    for name in shards:
        if name not in names:
            raise UserError(f"{str(folder / name)!r} is missing, but {entry} names it: fetch the model again.")
    return [folder / name for name in shards]


def names_in(folder: Path) -> set[str]:
    """The names of the files in a folder; none where it is not there."""
    return {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()


def indexed_files(index: Path) -> list[str]:
    """The names of the files that an index of weights names, sorted. UserError for a damaged one, or one that leads away."""
    try:
        names = sorted(set(load_json(index)["weight_map"].values()))
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError("its weight_map names no files")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{str(index)!r} is no index of weights ({error}): fetch the model again.") from error
    for name in names:
        if Path(name).name != name:
            raise UserError(f"{str(index.parent / name)!r} is missing, but {index.name} names it: fetch the model again.")
    return names
