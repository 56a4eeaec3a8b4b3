"""From trained weights to an Edit: what each of them changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.edit import Edit
from erasepro.edit.mapped_update import MappedUpdate, multiplied_out
from erasepro.linalg import DenseUpdate, Update
from erasepro.models.layouts.site_names import layer_and_parameter
from erasepro.models.sites import Site, cross_attention_sites, parameter
from erasepro.solvers.engine.assemble import SolverConfig, assemble_edit

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.models.base import Model

BLOCKS = ("attn1", "attn2", "ff", "resnets", "norm1", "norm2", "norm3")


@torch.no_grad()
def trained_edit(
    model: Model, prompts: EditPrompts, config: SolverConfig, weights: Mapping[str, Tensor], facts: dict[str, Any],
    start: Edit | None = None,
) -> Edit:  # fmt: skip
    """The edit that turns the base's weights into trained ones. Weights that training left alone are not among its own.

    Args:
        weights: an edit's name for it → the trained weight.
        facts: what else `meta` is to say.
        start: the edit that training started from, at strength 1, each ΔW by itself (`Edit.rebuild`): what it changes
            beside the trained weights is part of the edit.
    """
    reads = {site.name: site for site in cross_attention_sites(model.pipe)}
    updates: dict[str, Update] = {}
    diagnostics = []
    for name, W in weights.items():
        W_o = parameter(model.pipe, name).detach().to("cpu", torch.float64)
        delta = W.detach().to("cpu", torch.float64) - W_o
        if not bool(delta.any()):
            continue
        updates[name] = DenseUpdate(delta)
        diagnostics.append(_entry(name, reads.get(name), updates[name], W_o))
    maps: dict[str, Update] = {}
    for name, kept in (start.updates if start is not None else {}).items():
        if name not in weights:
            updates[name] = multiplied_out(kept)
            maps |= {name: kept.input_map} if isinstance(kept, MappedUpdate) else {}
            W_o = parameter(model.pipe, name).detach().to("cpu", torch.float64)
            diagnostics.append(_entry(name, reads.get(name), updates[name], W_o))
    return assemble_edit(model, prompts, config, updates, diagnostics, facts, maps)


def _entry(name: str, site: Site | None, update: Update, W_o: Tensor) -> dict[str, Any]:
    size, change = float(W_o.norm()), float(update.dense().norm())
    return {"site": name, **_place(name, site), "rank": update.rank, "delta_norm": change / size if size > 0 else None}


def _place(name: str, site: Site | None) -> dict[str, Any]:
    """Kind, and depth where the layer reads the text."""
    if site is not None:
        return {"kind": site.kind, "depth": site.depth}
    parts = layer_and_parameter(name)[0].split(".")
    inner = [part for part in parts[-4:] if not part.isdigit()]
    first = next((i for i, part in enumerate(inner) if part in BLOCKS), len(inner) - 1)
    return {"kind": ".".join(inner[first:])}
