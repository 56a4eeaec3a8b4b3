"""An edit: changes of named weights, with what is known about them."""

from __future__ import annotations

import hashlib
import numbers
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from erasepro.edit import store
from erasepro.edit.combine import combine
from erasepro.edit.fingerprints import check_base
from erasepro.errors import UserError
from erasepro.linalg import Update
from erasepro.models.base import Model
from erasepro.models.sites import site_module
from erasepro.models.tensor_hashes import raw_bytes
from erasepro.solvers import extend as grow

if TYPE_CHECKING:
    from erasepro.edit.export import Exported

TABLE = "erasepro_applied"  # the attribute of a pipeline that keeps an applied edit's original weights


@dataclass(frozen=True, eq=False)
class Edit:
    """W ← W_o + strength·ΔW for every named site.

    Args:
        updates: site name → LowRankUpdate or DenseUpdate.
        meta: what it was made from (solver, config, model, concepts, the base weights' fingerprints …); plain JSON.
        diagnostics: one dict a site: site, kind, depth, residual_before, residual_after_selected, residual_after_all
            (all relative to ‖V‖), delta_norm (‖ΔW‖/‖W‖), rank, condition, columns, selected, gap.
        residuals: relative residuals of the whole edit by set of columns: selected, all, and any test sets.
        strength: in [0, 1]; see `scale`.
    """

    updates: dict[str, Update]
    meta: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    residuals: dict[str, float] = field(default_factory=dict)
    strength: float = 1.0

    def __eq__(self, other: object) -> bool:
        """Whether both do the same: their hashes are equal."""
        return self.hash == other.hash if isinstance(other, Edit) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        rank = max((update.rank for update in self.updates.values()), default=0)
        solver, pairs = self.meta.get("solver", "?"), self.meta.get("concepts", {}).get("pairs", [])
        told = "".join(f", {target} → {anchor or '(empty)'}" for target, anchor in pairs[:3])
        told += f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
        return f"Edit({solver}{told}, {len(self.updates)} weights, rank ≤ {rank}, strength {self.strength:g})"

    @property
    def hash(self) -> str:
        """SHA-256 (16 hex digits) of what the edit does: names, factors and strength, not of its meta data."""
        digest = hashlib.sha256(f"{self.strength!r}".encode())
        for name, update in sorted(self.updates.items()):
            for factor in update.factors.values():
                digest.update(f"{name} {factor.dtype} {tuple(factor.shape)}".encode())
                digest.update(raw_bytes(factor))
        return digest.hexdigest()[:16]

    def scale(self, s: float) -> Edit:
        """The same edit at strength s in [0, 1] of the full change (absolute: scaling twice does not multiply)."""
        if not isinstance(s, numbers.Real) or not 0 <= s <= 1:
            raise UserError(f"An edit's scale must lie in [0, 1]; got {s!r}. 0 is the original model, 1 the full edit.")
        return replace(self, strength=float(s))

    def __add__(self, other: Edit) -> Edit:
        """Two edits of the same base as one, each at its own strength; see `combine.combine`."""
        if not isinstance(other, Edit):
            raise UserError(
                f"Only an edit is added to an edit; got a {type(other).__name__}. Concepts are added by "
                "edit.add(concepts, model)."
            )
        return combine(self, other)

    def check(self, pipe: Any, force: bool = False) -> None:
        """Raise UserError unless the pipeline has every site, at the right shape and (not with `force`) the base's bytes."""
        for name, update in self.updates.items():
            W = site_module(pipe, name).weight
            if W.is_meta and not hasattr(pipe, "weight"):  # a skeleton reads it from disk
                raise UserError(f"'{name}' is offloaded (meta device): apply the edit before enabling CPU offloading.")
            if tuple(W.shape) != update.shape:
                raise UserError(
                    f"'{name}' is {tuple(W.shape)} here but {update.shape} in the edit: it belongs to another model."
                )
        if not force:
            check_base(pipe, self.meta.get("base", {}))

    @torch.no_grad()
    def apply(self, pipe: Any, force: bool = False) -> None:
        """Change the pipeline's weights in place; the originals wait in a side table for `revert`.

        Args:
            force: apply it to another base than it was solved on too, where the shapes fit. Nothing that the edit states
                holds there.

        Raises:
            UserError: an edit is on the pipeline already, or the pipeline is not the one it was solved on (the first
                weight that differs is named).
        """
        if hasattr(pipe, "pipeline_class"):
            raise UserError(
                "A skeleton holds no weights to change: load the model (load_model) and apply the edit to its pipe."
            )
        held = getattr(pipe, TABLE, None)
        if held is not None:
            raise UserError(f"The pipeline already carries edit {held['hash']}: revert it before applying {self.hash}.")
        self.check(pipe, force)
        originals = {name: site_module(pipe, name).weight.detach().clone() for name in self.updates}
        setattr(pipe, TABLE, {"hash": self.hash, "originals": originals})
        for name, update in self.updates.items():
            W = site_module(pipe, name).weight
            W.copy_(update.apply_to(originals[name], self.strength))

    @torch.no_grad()
    def revert(self, pipe: Any) -> None:
        """Put the original bytes back. UserError when this edit is not on the pipeline."""
        held = getattr(pipe, TABLE, None)
        if held is None:
            raise UserError("There is no edit on this pipeline to revert: apply one first.")
        if held["hash"] != self.hash:
            raise UserError(f"The pipeline carries edit {held['hash']}, not {self.hash}: revert that one.")
        for name, original in held["originals"].items():
            W = site_module(pipe, name).weight
            W.copy_(original.to(W.device))
        delattr(pipe, TABLE)

    def add(self, concepts: Any, model: Model) -> Edit:
        """A new edit for these concepts too, equal to solving for all at once; see `grow.add`."""
        return grow.add(self, concepts, model)

    def remove(self, name: str, model: Model) -> Edit:
        """A new edit without this target, equal to never having erased it; see `grow.remove`."""
        return grow.remove(self, name, model)

    def certificate(self, model: Model, folder: str | Path | None = None) -> dict[str, Any]:
        """What the edit does to its base model, recomputed from the weights; see `certificate.certify`.

        Args:
            model: the base, from `load_model`; it is not touched.
            folder: where to write it too, as certificate.json.
        """
        from erasepro.verification import certify

        found = certify(self, model)
        if folder is not None:
            store.save_certificate(found, Path(folder))
        return found

    def save(self, folder: str | Path) -> Path:
        """Write edit.safetensors, edit.json and README.md, a model card: all or none. Returns the folder.

        Raises:
            UserError: a file is in the folder's place.
            OSError: a full disk or a folder that cannot be written to; its `filename` says which file.
        """
        return store.save(self, Path(folder))

    def export(
        self,
        path: str | Path,
        format: str = "lora",
        base: str | Path | None = None,
        rank: int | None = None,
        variant: str | None = None,
    ) -> Exported:
        """A LoRA ("lora", "kohya") or a whole model ("diffusers", "single_file", of `base`); see `export.export`."""
        from erasepro.edit.export import export

        return export(self, path, format, base, rank, variant)

    @classmethod
    def load(cls, folder: str | Path) -> Edit:
        """Read an edit back, checked. UserError for a missing, damaged or newer one, or another format."""
        if not isinstance(folder, (str, Path)):
            raise UserError(f"An edit is loaded from a folder; got a {type(folder).__name__}.")
        updates, known = store.load(Path(folder))
        edit = cls(updates, **known)
        if edit.hash != store.stored_hash(Path(folder)):
            raise UserError(f"The edit in '{folder}' is damaged: its tensors do not match edit.json. Make it again.")
        return edit

    @classmethod
    def load_uce(cls, path: str | Path, model: Model) -> Edit:
        """Read a file of whole edited U-Net weights, as UCE publishes them; see `uce_file.load_uce`."""
        from erasepro.edit.uce_file import load_uce

        return load_uce(Path(path), model)
