"""LoRA in kohya's layout, which ComfyUI, A1111 and (through a conversion) diffusers read: one safetensors file.

Keys: "lora_unet_…", "lora_te_…" (SDXL: "lora_te1_…", "lora_te2_…") with dots as underscores, then ".lora_down.weight"
(r, d_in), ".lora_up.weight" (d_out, r) and ".alpha". A loader applies strength·(alpha/r)·up·down.

alpha is the same for all weights of a file: diffusers 0.42 loses alphas that differ. It is the commonest rank; a weight
with another rank r has r/alpha inside its `up`, so that strength 1.0 is the full edit everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from erasepro.edit.export.comfyui import workflow_json, workflow_path
from erasepro.edit.export.factors import (
    Factors,
    lora_factors,
    losses,
    product_difference,
    roundings,
    sufficient_rank,
)
from erasepro.edit.export.loaders import count_parts, kohya_reader
from erasepro.edit.export.notes import notes
from erasepro.edit.export.original_layouts import refuse_others
from erasepro.edit.export.result import Exported
from erasepro.edit.meta import architecture_name
from erasepro.errors import UserError
from erasepro.models.layouts.original_unet import original_unet
from erasepro.models.layouts.site_names import is_clip, is_xl, layer_and_parameter, split
from erasepro.models.safetensors_stream import piece_of, write
from erasepro.runtime.files import creating

if TYPE_CHECKING:
    from erasepro.edit import Edit

LAYERS_PER_BLOCK = 2  # of every SDXL U-Net, whose layers kohya counts as the original checkpoint does
# width of the text features that the U-Net reads → kohya's base model
WIDTHS = {768: "sd_v1", 1024: "sd_v2", 2048: "sdxl_base_v1-0"}


def export_kohya(edit: Edit, target: Path, rank: int | None = None) -> Exported:
    """Write the file `target`.

    Args:
        rank: see `lora_factors`.

    Raises:
        UserError: another architecture than Stable Diffusion 1, 2 or XL, or see `erasepro.edit.export.export`.
    """
    refuse_others(edit, "kohya's layout", "format=lora, which diffusers reads")
    factors = lora_factors(edit, rank)
    family = base_version(factors, architecture_name(edit.meta))
    xl = family.startswith("sdxl")
    alpha = Counter(f.rank for f in factors.values()).most_common(1)[0][0]
    pieces = []
    rounding = roundings(factors)
    for site, f in (factors | _silent(factors)).items():
        key = kohya_name(site, xl)
        up = f.up * (f.rank / alpha)
        scaled = product_difference(f.up, f.down, up.double() * (alpha / f.rank), f.down)  # 0 where the ratio is a power of 2
        if scaled:
            rounding[site] = rounding.get(site, 0.0) + scaled  # at most: ‖a − c‖ ≤ ‖a − b‖ + ‖b − c‖
        stored_up, stored_down = replace(f, up=up).stored
        pieces.append(piece_of(f"{key}.lora_down.weight", stored_down))
        pieces.append(piece_of(f"{key}.lora_up.weight", stored_up))
        pieces.append(piece_of(f"{key}.alpha", torch.tensor(float(alpha))))
    ranks = {f.rank for f in factors.values()}
    metadata = {
        "format": "pt",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(ranks.pop()) if len(ranks) == 1 else "Dynamic",
        "ss_network_alpha": f"{float(alpha)}",
        "ss_base_model_version": family,
        "ss_v2": str(family == "sd_v2"),
        "ss_output_name": target.stem,
        "ss_training_comment": "an erasure, trained" if "training" in edit.meta else "closed-form edit, not trained",
        **notes(edit, factors),
    }
    with creating(target) as temporary:
        write(temporary, pieces, metadata)
    return Exported(
        target, "kohya", len(factors), {site: f.rank for site, f in factors.items()}, losses(factors),
        rounding=rounding, parts=count_parts(factors), sufficient_rank=sufficient_rank(factors),
        reader=kohya_reader(factors, workflow_path(target).name),
        beside=((workflow_path(target), workflow_json(edit, family, target.name)),),
    )  # fmt: skip


def kohya_name(site: str, xl: bool) -> str:
    """The part of the keys before the first dot. UserError for a weight that this layout has no name for."""
    part, path = split(site)
    path = layer_and_parameter(path)[0]
    if part in ("text_encoder", "text_encoder_2") and is_clip(path):
        number = {"text_encoder": "1", "text_encoder_2": "2"}[part] if xl else ""
        return f"lora_te{number}_text_model_{path}".replace(".", "_")
    if part == "unet":
        name = original_unet(path, LAYERS_PER_BLOCK) if xl else path
        if name is not None:
            return f"lora_unet_{name}".replace(".", "_")
    raise UserError(f"kohya's layout has no name for '{site}': use format=lora, which diffusers reads.")


def _silent(factors: dict[str, Factors]) -> dict[str, Factors]:
    """An attention output of zeros, which change nothing, for each encoder with edited values but no edited outputs.

    diffusers 0.42 knows the names of an encoder's attention only where it sees an output among them, and drops them else.
    """
    sites_of_part: dict[str, list[str]] = {}
    for site in factors:
        part, path = split(site)
        if is_clip(path) and ".self_attn." in path:
            sites_of_part.setdefault(part, []).append(site)
    added = {}
    for sites in sites_of_part.values():
        if not any(site.endswith(".out_proj") for site in sites):
            d = factors[sites[0]].down.shape[1]
            added[f"{sites[0].rpartition('.')[0]}.out_proj"] = Factors(torch.zeros(d, 1), torch.zeros(1, d))
    return added


def base_version(factors: dict[str, Factors], architecture: str = "") -> str:
    """kohya's name of the base model: of the architecture that the edit states, else from its weights.

    Stable Diffusion 1 and 2 are told apart by the widths of the edited weights; "sd_v1" where nothing tells.
    """
    if architecture == "sdxl" or (not architecture and is_xl(factors)):
        return WIDTHS[2048]
    widths = [f.down.shape[1] for site, f in factors.items() if site.endswith(("attn2.to_k", "attn2.to_v"))]
    widths += list(_text_widths(factors))
    return next((WIDTHS[w] for w in widths if w in WIDTHS), WIDTHS[768])


def _text_widths(factors: dict[str, Factors]) -> Iterable[int]:
    for site, f in factors.items():
        if site.startswith("text_encoder."):
            yield f.down.shape[1] if site.endswith(("v_proj", "out_proj", "fc1")) else f.up.shape[0]
