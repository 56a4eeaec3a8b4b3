"""A pipeline's folder in diffusers' layout as the base of an export: which files are weights, and which are edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.edit.export.patches import chained, patch_of
from erasepro.errors import UserError
from erasepro.models.layouts.site_names import split, weight_keys
from erasepro.models.safetensors_stream import Source, read_source
from erasepro.models.weight_names import STEMS, stem_of, variant_of
from erasepro.runtime.pickled_files import SUFFIXES, has_pickled_name

if TYPE_CHECKING:
    from erasepro.edit import Edit

WEIGHT_SUFFIXES = {*SUFFIXES, ".safetensors", ".msgpack", ".h5", ".onnx", ".onnx_data", ".gguf", ".xml"}


@dataclass(frozen=True)
class Component:
    """One part's weights: the files (and index) of the chosen variant, and the files of all other copies."""

    variant: str
    sources: list[Source]
    others: list[Path]


def check_base_folder(folder: Path) -> None:
    """Raise UserError unless this is a pipeline's folder."""
    if not folder.is_dir():
        raise UserError(f"No base folder {str(folder)!r}: give the folder of the pipeline that the edit was solved on.")
    if not (folder / "model_index.json").is_file():
        raise UserError(f"{str(folder)!r} holds no pipeline (no model_index.json): give a folder in diffusers' layout.")


def components(folder: Path, parts: Iterable[str], variant: str | None) -> dict[str, Component]:
    """The weights of these parts. A part without the variant gives the files that have none, as in diffusers.

    Args:
        variant: None: the files without one, or the only variant there is.

    Raises:
        UserError: no such part, no safetensors in it, no such variant, several to choose from, a damaged file.
    """
    by_part = {part: _component(folder, part, variant) for part in parts}
    if variant and all(held.variant != variant for held in by_part.values()):
        raise UserError(f"{str(folder)!r} has no weights of the variant {variant!r} in {', '.join(by_part)}.")
    return by_part


def _component(folder: Path, part: str, variant: str | None) -> Component:
    place = folder / part
    if not place.is_dir():
        raise UserError(f"{str(folder)!r} has no {part}: this edit was made for another kind of model.")
    files = sorted(p for p in place.iterdir() if p.is_file())
    weights = [p for p in files if p.suffix == ".safetensors" and stem_of(p.name) in STEMS]
    if not weights:
        pickled = any(has_pickled_name(p) for p in files)
        why = "only pickled weights, which are never loaded" if pickled else "no weights (*.safetensors)"
        raise UserError(f"{str(place)!r} holds {why}: save the pipeline as safetensors first.")
    variants = {variant_of(p.name) for p in weights}
    chosen = variant if variant in variants else ""
    if chosen not in variants:
        if variant or len(variants) > 1:
            there = ", ".join(sorted(v or "(none)" for v in variants))
            raise UserError(f"{str(place)!r} has the variants {there}: choose one with variant=….")
        chosen = variants.pop()
    used = [p for p in weights if variant_of(p.name) == chosen]
    others = [p for p in files if is_weights(p) and p not in used]
    others += [p for p in files if p.suffix == ".json" and ".index" in p.name and not _indexes(p, chosen)]
    return Component(chosen, [read_source(p) for p in used], others)


def patches(edit: Edit, sources: dict[str, list[Source]], rounding: dict[str, float]) -> dict[Path, dict[str, partial]]:
    """File → tensor → its change, for every site of the edit; each is tried once, so that a wrong base is found early.

    Args:
        sources: part ("unet", …) → its files.
        rounding: filled with what the stored dtype costs each weight (see `Patch`).

    Raises:
        UserError: a site that no file has, or a base that the edit was not solved on.
    """
    changes: dict[Path, dict[str, partial]] = {}
    for site in edit.updates:
        source, key = find(site, sources[split(site)[0]])
        change = partial(chained, [patch_of(edit, site, rounding)])
        change(source.read(key))
        changes.setdefault(source.path, {})[key] = change
    return changes


def find(site: str, sources: list[Source]) -> tuple[Source, str]:
    """The file and the tensor that hold a site's weight. UserError where none does."""
    for source in sources:
        for key in weight_keys(site):
            if key in source.entries:
                return source, key
    where = str(sources[0].path.parent)
    raise UserError(f"No tensor of '{site}' in {where!r}: the base is another model, or a file of it is missing.")


def is_weights(path: Path) -> bool:
    """Whether the file's name says that it holds weights."""
    return path.suffix.lower() in WEIGHT_SUFFIXES


def _indexes(path: Path, variant: str) -> bool:
    return ".safetensors" in path.name and variant_of(path.name) == variant
