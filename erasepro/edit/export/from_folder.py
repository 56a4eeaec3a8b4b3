"""A folder in diffusers' layout told in the original layout: every tensor's original name, shape and bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from erasepro.edit.export.base_folder import check_base_folder, components, patches
from erasepro.errors import UserError
from erasepro.models.layouts.original_text import CLIP_PREFIXES, OPEN_CLIP_PREFIXES, open_clip
from erasepro.models.layouts.original_unet import original_unet
from erasepro.models.layouts.original_vae import is_attention_matrix, original_vae
from erasepro.models.layouts.site_names import split
from erasepro.models.safetensors_stream import Piece, Source
from erasepro.models.tensor_hashes import raw_bytes
from erasepro.runtime.json_text import NoJson, load_json

if TYPE_CHECKING:
    from erasepro.edit import Edit

Changes = dict[Path, dict[str, partial]]
Stored = dict[str, Source]  # tensor name → the file that holds it
LEFT_OUT = ("position_ids", "logit_scale")  # buffers that the loaders make themselves


def pieces(edit: Edit, folder: Path, variant: str | None, rounding: dict[str, float]) -> list[Piece]:
    """Everything that goes into the checkpoint: U-Net, VAE and text encoders, with the edit in them.

    Args:
        rounding: see `base_folder.patches`.

    Raises:
        UserError: no Stable Diffusion pipeline, a wrong base, or a tensor that the original layout has no place for.
    """
    check_base_folder(folder)
    encoders = [part for part in ("text_encoder", "text_encoder_2") if (folder / part).is_dir()]
    held = components(folder, ("unet", "vae", *encoders), variant)
    parts = {part: component.sources for part, component in held.items()}
    for site in edit.updates:
        if split(site)[0] not in parts:
            raise UserError(f"The original layout has no place for '{site}': export it as format=diffusers.")
    changes = patches(edit, parts, rounding)
    stored = {part: {name: source for source in files for name in source.entries} for part, files in parts.items()}
    listed = [*_unet(folder, stored["unet"], changes), *_vae(folder, stored["vae"], changes)]
    for part in encoders:
        listed += _text(folder, part, stored[part], changes, xl=len(encoders) == 2)
    return listed


def _unet(folder: Path, stored: Stored, changes: Changes) -> Iterator[Piece]:
    n = _config(folder, "unet").get("layers_per_block", 2)
    if not isinstance(n, int):
        raise UserError(f"The U-Net of {str(folder)!r} has blocks of unlike length: it has no original layout.")
    for key, source in stored.items():
        path, _, kind = key.rpartition(".")
        with_attention = any(name.startswith(f"{path.partition('.upsamplers')[0]}.attentions.") for name in stored)
        name = original_unet(path, n, with_attention)
        if name is None:
            raise _no_place(f"unet.{key}")
        yield _piece(f"model.diffusion_model.{name}.{kind}", [(source, key)], changes)


def _vae(folder: Path, stored: Stored, changes: Changes) -> Iterator[Piece]:
    blocks = len(_config(folder, "vae").get("block_out_channels", ()))
    for key, source in stored.items():
        path, _, kind = key.rpartition(".")
        name = original_vae(path, blocks)
        if name is None:
            raise _no_place(f"vae.{key}")
        piece = _piece(f"first_stage_model.{name}.{kind}", [(source, key)], changes)
        if is_attention_matrix(piece.name) and len(piece.shape) == 2:
            piece = Piece(piece.name, piece.dtype, (*piece.shape, 1, 1), piece.size, piece.chunks)
        yield piece


def _text(folder: Path, part: str, stored: Stored, changes: Changes, xl: bool) -> Iterator[Piece]:
    """CLIP keeps transformers' names; OpenCLIP, known by its exact GELU, has its own and fuses q, k and v."""
    if part == "text_encoder" and _config(folder, part).get("hidden_act", "quick_gelu") == "quick_gelu":
        prefix = CLIP_PREFIXES[part][1 if xl else 0]
        for key, source in stored.items():
            bare = key.removeprefix("text_model.")
            above = prefix.removesuffix("text_model.") if bare.startswith("text_projection") else prefix
            yield _piece(above + bare, [(source, key)], changes)
        return
    prefix = OPEN_CLIP_PREFIXES[part][0]
    fused: dict[str, dict[int, tuple[Source, str]]] = {}
    for key, source in stored.items():
        bare = key.removeprefix("text_model.")
        if bare == "text_projection.weight":
            yield _turned(f"{prefix}text_projection", source, key)
            continue
        if bare.endswith(LEFT_OUT):
            continue
        place = open_clip(bare)
        if place is None:
            raise _no_place(f"{part}.{key}")
        name, third = place
        if third is None:
            yield _piece(prefix + name, [(source, key)], changes)
        else:
            fused.setdefault(prefix + name, {})[third] = (source, key)
    for name, thirds in fused.items():
        if len(thirds) != 3:
            raise UserError(f"{str(folder / part)!r} lacks a part of '{name}' (q, k and v): fetch it again.")
        yield _piece(name, [thirds[i] for i in range(3)], changes)


def _piece(name: str, held: list[tuple[Source, str]], changes: Changes) -> Piece:
    """Tensors one above the other under a new name."""
    entries = [source.entries[key] for source, key in held]
    shape = (sum(e.shape[0] for e in entries), *entries[0].shape[1:]) if entries[0].shape else ()
    size = sum(e.end - e.start for e in entries)

    def chunks() -> Iterator[bytes]:
        for source, key in held:
            change: Callable[[Tensor], Tensor] | None = changes.get(source.path, {}).get(key)
            part: Iterable[bytes] = source.chunks(key) if change is None else [raw_bytes(change(source.read(key)))]
            yield from part

    return Piece(name, entries[0].dtype, shape, size, chunks)


def _turned(name: str, source: Source, key: str) -> Piece:
    """A matrix that the original keeps transposed."""
    entry = source.entries[key]
    return Piece(name, entry.dtype, entry.shape[::-1], entry.end - entry.start, lambda: [raw_bytes(source.read(key).T)])


def _config(folder: Path, part: str) -> dict[str, Any]:
    path = folder / part / "config.json"
    try:
        config = load_json(path)
    except (OSError, NoJson) as error:
        raise UserError(f"Cannot read {str(path)!r}: the base folder is incomplete; fetch it again.") from error
    return config if isinstance(config, dict) else {}


def _no_place(name: str) -> UserError:
    return UserError(f"The original layout has no place for '{name}': export this model as format=diffusers.")
