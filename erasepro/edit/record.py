"""The record of an edit: which weights change by how much, and what is known about it. No pipeline is touched here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate
from erasepro.edit.meta import pairs_of
from erasepro.errors import UserError, visible
from erasepro.models.tensor_hashes import raw_bytes, tensor_hash

TABLE = "erasepro_applied"
"""Attribute of a pipeline that keeps an applied edit's hash and the original weights."""


@dataclass(frozen=True, eq=False)
class EditRecord:
    """W ← W_o + strength·ΔW for every named site.

    Args:
        updates: site name → LowRankUpdate, DenseUpdate or MappedUpdate.
        meta: what it was made from (solver, config, model, concepts, the base weights' fingerprints …); plain JSON.
        diagnostics: one dict a site: site, kind, depth, residual_before, residual_after_selected, residual_after_all
            (all relative to ‖V‖), delta_norm (‖ΔW‖/‖W‖), rank, condition, columns, selected, gap.
        residuals: relative residuals of the whole edit by set of columns: selected, all, before, and ``held_out``: what it
            does on sentences that it was neither fitted on nor preserves (`generalization.measure_held_out`).
        strength: in [0, 1]; see `scale`.
    """

    updates: dict[str, SiteUpdate]
    meta: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    residuals: dict[str, Any] = field(default_factory=dict)
    strength: float = 1.0

    def __eq__(self, other: object) -> bool:
        """Whether both do the same: their hashes are equal."""
        return self.hash == other.hash if isinstance(other, EditRecord) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        rank = max((update.rank for update in self.updates.values()), default=0)
        solver, pairs = self.meta.get("solver", "?"), pairs_of(self.meta)
        pairs_text = "".join(f", {target} → {anchor or '(empty)'}" for target, anchor in pairs[:3])
        pairs_text += f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
        return visible(f"Edit({solver}{pairs_text}, {len(self.updates)} weights, rank ≤ {rank}, strength {self.strength:g})")

    @property
    def concepts(self) -> dict[str, str]:
        """Target → anchor of every pair that the edit erases, as `erasepro.erase` takes them; {} where it states none.

        An anchor of "" is the empty prompt. ``meta["concepts"]`` has the kind, and what was to stay.
        """
        return dict(pairs_of(self.meta))

    @property
    def hash(self) -> str:
        """SHA-256 (16 hex digits) of what the edit does: names, factors and strength, not of its meta data.

        Where ΔW is W_o D, of D and of the base weight's hash.
        """
        digest = hashlib.sha256(f"{self.strength!r}".encode())
        hashes: dict[int, str] = {}  # of the factors of D, which sites share
        for name, update in sorted(self.updates.items()):
            if isinstance(update, MappedUpdate):
                digest.update(f"{name} {update.d_out} {update.weight_hash}".encode())
                for kind, factor in update.factors.items():
                    hashes[id(factor)] = hashes.get(id(factor)) or tensor_hash(factor)
                    digest.update(f" {kind} {hashes[id(factor)]}".encode())
                continue
            for factor in update.factors.values():
                digest.update(f"{name} {factor.dtype} {tuple(factor.shape)}".encode())
                digest.update(raw_bytes(factor))
        return digest.hexdigest()[:16]


def check_edit(value: object) -> None:
    """Raise UserError, which says what to give, unless this is an edit."""
    if isinstance(value, (str, Path)):
        raise UserError(f"Give the edit itself, not its folder: erasepro.Edit.load({str(value)!r}).")
    if not isinstance(value, EditRecord):
        raise UserError(f"An edit is what erasepro.erase or erasepro.Edit.load gives; got a {type(value).__name__}.")
