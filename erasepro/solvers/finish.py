"""From solved sites to an Edit: factors on the CPU, the base weights' fingerprints, the residuals in one place."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from typing import TYPE_CHECKING, Any

import torch

from erasepro.closed_form import Update, update_of
from erasepro.edit import Edit
from erasepro.edit.base_weights import fingerprints
from erasepro.edit.grow import stored_build

if TYPE_CHECKING:
    from erasepro.concepts.prompts import BuildSet
    from erasepro.models.base import Model


def check_pristine(model: Model) -> None:
    """Raise UserError when the pipeline carries an edit: solvers start from the original weights."""
    from erasepro.edit.edit import TABLE
    from erasepro.errors import UserError

    held = getattr(model.pipe, TABLE, None)
    if held is not None:
        raise UserError(f"The pipeline carries edit {held['hash']}: revert it before solving for another.")


def finish(
    model: Model,
    build: BuildSet,
    cfg: Any,
    updates: dict[str, Update],
    diagnostics: list[dict[str, Any]],
    facts: dict[str, Any],
) -> Edit:
    """The Edit. residuals: `selected` and `all` are the worst site's, `selected_share` is kept over all columns.

    `exact`: every site's selected columns hold exactly; False for penalised and least-squares fits.
    """
    host: dict[int, torch.Tensor] = {}  # one copy of the `down` that keys and values share

    def home(t: torch.Tensor) -> torch.Tensor:
        return host.setdefault(id(t), t.detach().to("cpu", torch.float64).contiguous())

    moved = {name: update_of({k: home(f) for k, f in u.factors.items()}) for name, u in updates.items()}
    residuals = {}
    if diagnostics:
        columns = sum(d["columns"] for d in diagnostics)
        residuals = {
            "selected": max(d["residual_after_selected"] for d in diagnostics),
            "all": max(d["residual_after_all"] for d in diagnostics),
            "before": max(d["residual_before"] for d in diagnostics),
            "selected_share": sum(d["selected"] for d in diagnostics) / columns,
            "exact": all(d["exact"] for d in diagnostics),
        }
    meta = {
        "solver": cfg.name,
        "config": dataclasses.asdict(cfg),
        "model": {"name": model.name, "source": model.source, "kind": model.kind, "weights_hash": model.weights_hash},
        "concepts": {
            "name": build.concepts.name,
            "kind": build.concepts.kind,
            "pairs": [[p.target, p.anchor] for p in build.concepts.pairs],
            "preserve": list(build.concepts.preserve),
            "vocabulary": build.concepts.vocabulary,
        },
        "prompts": {"pairs": len(build.pairs), "preserve": len(build.preserve)},
        "build": stored_build(build),
        "base": fingerprints(model.pipe, moved),
        "versions": {n: importlib.metadata.version(n) for n in ("torch", "transformers", "diffusers")},
        **facts,
    }
    return Edit(moved, meta, diagnostics, residuals)
