"""An edit: changes of named weights, put on a pipeline and taken off it exactly."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from erasepro.edit import store
from erasepro.edit.applied_edit import AppliedEdit
from erasepro.edit.combine import combine
from erasepro.edit.describe import edit_html
from erasepro.edit.fingerprints import check_base
from erasepro.edit.rebuild import rebuild_updates
from erasepro.edit.record import TABLE, EditRecord
from erasepro.errors import UserError
from erasepro.models.computing import check_layers
from erasepro.models.sites import parameter, weight
from erasepro.runtime.files import as_path


@dataclass(frozen=True, eq=False, repr=False)
class Edit(EditRecord):
    """An `EditRecord` that can be applied, reverted, scaled, added to another, saved and loaded."""

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
                "erasepro.add_concepts(edit, concepts, model)."
            )
        joint = combine(self, other)
        return Edit(joint.updates, joint.meta)

    def check(self, pipe: Any, force: bool = False) -> None:
        """Raise UserError unless the edit would change what the pipeline draws, from the base that it was solved on.

        The pipeline must have every site, at the right shape, compute with it and (not with `force`) hold the base's bytes.
        """
        check_layers(pipe, self.updates)
        for name, update in self.updates.items():
            W = parameter(pipe, name)
            if tuple(W.shape) != update.shape:
                raise UserError(
                    f"'{name}' is {tuple(W.shape)} here but {update.shape} in the edit: it belongs to another model."
                )
        if not force:
            check_base(pipe, self.meta.get("base", {}))

    def apply(self, pipe: Any, force: bool = False) -> AppliedEdit[Edit]:
        """Change the pipeline's weights in place; the originals wait in a side table for `revert`.

        ``edit.apply(pipe)`` stays until ``edit.revert(pipe)``; ``with edit.apply(pipe):`` reverts behind the block.

        Args:
            force: apply it to another base than it was solved on too, where the shapes fit. Nothing that the edit states
                holds there. Weights that are kept as W_o D become W + W D with the W that is there.

        Raises:
            UserError: an edit is on the pipeline already, or the pipeline is not the one it was solved on (the first
                weight that differs is named).
        """
        self._put_on(pipe, force)
        return AppliedEdit(self, pipe)

    @torch.no_grad()
    def _put_on(self, pipe: Any, force: bool) -> None:
        if hasattr(pipe, "pipeline_class"):
            raise UserError(
                "A skeleton holds no weights to change: load the model (load_model) and apply the edit to its pipe."
            )
        held = getattr(pipe, TABLE, None)
        if held is not None:
            raise UserError(f"The pipeline already carries edit {held['hash']}: revert it before applying {self.hash}.")
        self.check(pipe, force)
        originals = {name: parameter(pipe, name).detach().clone() for name in self.updates}
        setattr(pipe, TABLE, {"hash": self.hash, "originals": originals})
        for name, update in self.updates.items():
            W = parameter(pipe, name)
            W.copy_(update.apply_to(originals[name], self.strength))

    @torch.no_grad()
    def revert(self, pipe: Any) -> None:
        """Put the original bytes back.

        Raises:
            UserError: this edit is not on the pipeline, or the pipeline computes with other weights by now (a LoRA, fused
                projections, offloading); the edit then stays on it.
        """
        held = getattr(pipe, TABLE, None)
        if held is None:
            raise UserError("There is no edit on this pipeline to revert: apply one first.")
        if held["hash"] != self.hash:
            raise UserError(f"The pipeline carries edit {held['hash']}, not {self.hash}: revert that one.")
        check_layers(pipe, held["originals"])
        for name, original in held["originals"].items():
            W = parameter(pipe, name)
            W.copy_(original.to(W.device))
        delattr(pipe, TABLE)

    @contextmanager
    def applied(self, pipe: Any) -> Iterator[None]:
        """The pipeline carries the edit inside the ``with`` block, and has its own bytes again behind it, whatever happens.

        The same as ``with edit.apply(pipe):``, but that it is not put on before the block is entered.
        """
        self.apply(pipe)
        try:
            yield
        finally:
            self.revert(pipe)

    def _repr_html_(self) -> str:
        return edit_html(self)

    def rebuild(self, pipe: Any) -> Edit:
        """The same edit with every ΔW (d_out, d_in) by itself, which a large edit has on the disk only as W_o D.

        An edit that was just solved has them; only a LoRA, and a sum with an edit that is kept otherwise, need them.

        Args:
            pipe: the base model's pipeline; this edit may be on it.

        Raises:
            UserError: a weight is not the one that the edit was solved on.
        """
        held = getattr(pipe, TABLE, {"originals": {}})["originals"]
        return replace(self, updates=rebuild_updates(self, lambda name: held[name] if name in held else weight(pipe, name)))

    def save(self, folder: str | Path, force: bool = False) -> Path:
        """Write edit.safetensors, edit.json and README.md, a model card: all or none. Returns the folder.

        An edit that lies there is replaced.

        Args:
            force: replace files of these names too that no edit wrote, such as somebody's own README.md.

        Raises:
            UserError: no folder is named, a file is in its place, or it has a file of these names that no edit wrote.
            OSError: a full disk or a folder that cannot be written to; its `filename` says which file.
        """
        return store.save(self, as_path(folder, "the edit's folder"), force)

    @classmethod
    def load(cls, folder: str | Path) -> Edit:
        """Read an edit back, checked, from its folder or its run's (there it lies in ``edit/``).

        Raises UserError for a missing, damaged or newer one, or another format.
        """
        path = store.edit_folder(as_path(folder, "the edit's folder"))
        updates, known = store.load(path)
        edit = cls(updates, **known)
        if edit.hash != store.stored_hash(path):
            raise UserError(f"The edit in '{folder}' is damaged: its tensors do not match edit.json. Make it again.")
        return edit
