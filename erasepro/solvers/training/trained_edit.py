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
    model: Model, prompts: EditPrompts, config: SolverConfig, changes: Mapping[str, Update], facts: dict[str, Any],
    start: Edit | None = None,
) -> Edit:  # fmt: skip
    """The edit of what training changed. Weights that it left alone are not among its own.

    Args:
        changes: an edit's name for a weight → what was added to the base's, in float64 on the CPU.
        facts: what else `meta` is to say.
        start: the edit that training started from, at strength 1, each ΔW by itself (`Edit.rebuild`): what it changes
            beside the trained weights is part of the edit.
    """
    reads = {site.name: site for site in cross_attention_sites(model.pipe)}
    updates = {name: change for name, change in changes.items() if bool(change.dense().any())}
    maps: dict[str, Update] = {}
    for name, kept in (start.updates if start is not None else {}).items():
        if name not in changes:
            updates[name] = multiplied_out(kept)
            maps |= {name: kept.input_map} if isinstance(kept, MappedUpdate) else {}
    diagnostics = []
    for name, update in updates.items():
        W_o = parameter(model.pipe, name).detach().to("cpu", torch.float64)
        diagnostics.append(_entry(name, reads.get(name), update, W_o))
    return assemble_edit(model, prompts, config, updates, diagnostics, facts, maps)


@torch.no_grad()
def weight_changes(pipe: Any, weights: Mapping[str, Tensor]) -> dict[str, Update]:
    """What turns a pipeline's weights into trained ones, by their names in an edit."""
    return {
        name: DenseUpdate(W.detach().to("cpu", torch.float64) - parameter(pipe, name).detach().to("cpu", torch.float64))
        for name, W in weights.items()
    }


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
