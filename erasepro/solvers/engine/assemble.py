"""From solved sites to an Edit: factors on the CPU, the base weights' fingerprints, the residuals in one place."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import torch

from erasepro.edit import Edit
from erasepro.edit.build_record import sentences_hash, stored_build
from erasepro.edit.column_ranges import packed
from erasepro.edit.fingerprints import fingerprints
from erasepro.linalg import Update, update_of
from erasepro.runtime.versions import versions
from erasepro.solvers.registry import SOLVERS

if TYPE_CHECKING:
    from erasepro.models.base import Model
    from erasepro.prompts.test_prompts import BuildSet

TOKENS = ("text_tokens", "kv_tokens", "tokens", "preserve_tokens")
"""Config keys that say which tokens a solver reads."""


def described(name: str) -> dict[str, str]:
    """``method`` and ``equation``: the first and the other paragraphs of what the solver's class says of itself."""
    first, *rest = (inspect.getdoc(SOLVERS.get(name)) or "").split("\n\n")
    return {"method": " ".join(first.split()), "equation": " ".join(" ".join(rest).split())}


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
    selected = {d["site"]: packed(d.pop("kept")) for d in diagnostics}
    if diagnostics:
        columns = sum(d["columns"] for d in diagnostics)
        residuals = {
            "selected": max(d["residual_after_selected"] for d in diagnostics),
            "all": max(d["residual_after_all"] for d in diagnostics),
            "before": max(d["residual_before"] for d in diagnostics),
            "selected_share": sum(d["selected"] for d in diagnostics) / columns,
            "exact": all(d["exact"] for d in diagnostics),
        }
    settings = dataclasses.asdict(cfg)
    meta = {
        "solver": cfg.name,
        **described(cfg.name),
        "config": settings,
        "tokens": {key: settings[key] for key in TOKENS if key in settings},
        "model": model.facts(),
        "concepts": {
            "name": build.concepts.name,
            "kind": build.concepts.kind,
            "pairs": [[p.target, p.anchor] for p in build.concepts.pairs],
            "preserve": list(build.concepts.preserve),
            "vocabulary": build.concepts.vocabulary,
        },
        "prompts": {"pairs": len(build.pairs), "preserve": len(build.preserve), "sha256": sentences_hash(build)},
        "build": stored_build(build),
        "base": fingerprints(model.pipe, moved),
        "selected": selected,
        "versions": versions(),
        **facts,
    }
    return Edit(moved, meta, diagnostics, residuals)
