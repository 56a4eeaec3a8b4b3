"""LoRA in diffusers' layout (PEFT's names): `pipe.load_lora_weights(folder)` reads it.

Keys: "<component>.<module path>.lora_A.weight" (r, d_in) and ".lora_B.weight" (d_out, r); in CLIP text encoders, as
diffusers itself saves them, ".lora_linear_layer.down.weight" and ".up.weight": it cannot load an encoder whose only
"lora_A" are in MLPs. Every weight has its own rank and alpha = rank, so an adapter weight of 1.0 is the full edit.
diffusers reads ranks and alphas from the JSON under `lora_adapter_metadata`: PEFT's LoraConfig fields, each with the
component's name before it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.edit.export.factors import Factors, lora_factors, losses, roundings, sufficient_rank
from erasepro.edit.export.loaders import count_parts, lora_reader
from erasepro.edit.export.notes import notes
from erasepro.edit.export.result import Exported
from erasepro.edit.meta import architecture_name
from erasepro.errors import UserError
from erasepro.models.layouts.site_names import TEXT_ENCODERS, is_clip, layer_and_parameter, split
from erasepro.models.safetensors_stream import piece_of, write
from erasepro.runtime.files import creating

if TYPE_CHECKING:
    from erasepro.edit import Edit

FILE = "pytorch_lora_weights.safetensors"
SECOND = "transformer_2"
"""Wan 2.2's second expert: `pipe.load_lora_weights(folder / "transformer_2", load_into_transformer_2=True)`."""


def export_lora(edit: Edit, target: Path, rank: int | None = None) -> Exported:
    """Write `target`/pytorch_lora_weights.safetensors, or `target` itself where it ends in .safetensors.

    The weights of a second expert go into a file of their own, `target`/transformer_2/.

    Args:
        rank: see `lora_factors`.

    Raises:
        UserError: see `erasepro.edit.export.export`.
    """
    factors = lora_factors(edit, rank)
    second = {site: f for site, f in factors.items() if split(site)[0] == SECOND}
    first = {site: f for site, f in factors.items() if site not in second}
    if second and target.suffix == ".safetensors":
        raise UserError(f"This edit changes two experts, a file each: name a folder, not {target.name!r}.")
    with creating(target) as temporary:
        if target.suffix == ".safetensors":
            _file(temporary, edit, first)
        else:
            temporary.mkdir()
            _file(temporary / FILE, edit, first)
            if second:
                (temporary / SECOND).mkdir()
                _file(temporary / SECOND / FILE, edit, second)
    return Exported(
        target, "lora", len(factors), {site: f.rank for site, f in factors.items()}, losses(factors),
        rounding=roundings(factors), parts=count_parts(factors), sufficient_rank=sufficient_rank(factors),
        reader=lora_reader(factors, architecture_name(edit.meta)),
    )  # fmt: skip


def _file(path: Path, edit: Edit, factors: dict[str, Factors]) -> None:
    """One file of these weights."""
    parts: dict[str, dict[str, Factors]] = {}
    pieces = []
    for site, f in factors.items():
        part, module = split(site)
        module, (stored_up, stored_down) = layer_and_parameter(module)[0], f.stored
        part = "transformer" if part == SECOND else part
        parts.setdefault(part, {})[module] = f
        down, up = "lora_A", "lora_B"
        if part in TEXT_ENCODERS and is_clip(module):
            # diffusers drops the prefix where the installed transformers' model has none, and never adds it
            module, down, up = f"text_model.{module}", "lora_linear_layer.down", "lora_linear_layer.up"
        pieces.append(piece_of(f"{part}.{module}.{down}.weight", stored_down))
        pieces.append(piece_of(f"{part}.{module}.{up}.weight", stored_up))
    config = {f"{part}.{key}": value for part, held in parts.items() for key, value in _config(part, held).items()}
    metadata = {"format": "pt", "lora_adapter_metadata": json.dumps(config, sort_keys=True), **notes(edit, factors)}
    write(path, pieces, metadata)


def _config(part: str, held: dict[str, Factors]) -> dict[str, Any]:
    """PEFT's LoraConfig of one component. Patterns are regular expressions that must match the module's path.

    A text encoder's path may or may not begin with `text_model.`, so its pattern is not anchored.
    """
    anchor = "" if part in TEXT_ENCODERS else "^"
    usual = Counter(f.rank for f in held.values()).most_common(1)[0][0]
    pattern = {f"{anchor}{path}": f.rank for path, f in held.items() if f.rank != usual}
    return {
        "r": usual,
        "lora_alpha": usual,
        "rank_pattern": pattern,
        "alpha_pattern": pattern,
        "target_modules": sorted(held),
        "lora_bias": False,
        "use_dora": False,
    }
