"""a + b: two edits of the same base as one. The changes add; what was measured of each alone does not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.concepts.pairs import ConceptPair, consistent, folded
from erasepro.edit.fingerprints import same_base
from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate, multiplied_out
from erasepro.edit.meta import pairs_of
from erasepro.edit.record import EditRecord
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate, LowRankUpdate, Update
from erasepro.runtime.versions import versions


def combine(a: EditRecord, b: EditRecord) -> EditRecord:
    """W_o + s_a ΔW_a + s_b ΔW_b at every site, at strength 1: each part's own strength is in its factors.

    The residuals are dropped: b's change also moves a's columns, so nothing measured of a part holds of the sum
    (`verification.certify` measures it). ``meta["parents"]`` keeps both parts' meta data, and what they stated.

    Raises:
        UserError: different bases, the same target in both, or an anchor of one that the other erases.
    """
    pairs = _pairs(a, b)
    _check_bases(a, b)
    adder = _Adder(a, b)
    added = {name: adder.add(name) for name in dict.fromkeys([*a.updates, *b.updates])}
    meta = {
        "solver": "sum",
        "config": {},
        "model": a.meta.get("model", {}),
        "concepts": {"pairs": pairs, "preserve": _preserved(a, b)},
        "parents": [_parent(a), _parent(b)],
        "base": {**b.meta.get("base", {}), **a.meta.get("base", {})},
        "versions": versions(),
    }
    return EditRecord(added, meta)


def leaves(meta: dict[str, Any]) -> list[dict[str, Any]]:
    """The meta data of the solved edits that an edit is the sum of: its own where it is none."""
    return [leaf for parent in meta.get("parents", ()) for leaf in leaves(parent["meta"])] or [meta]


class _Adder:
    """s_a ΔW_a + s_b ΔW_b, site by site; what keys and values share in both, they share in the sum."""

    def __init__(self, a: EditRecord, b: EditRecord) -> None:
        self.edits = (a, b)
        self._downs: dict[tuple[int, int], Tensor] = {}
        self._maps: dict[tuple[int, ...], Update] = {}

    def add(self, name: str) -> SiteUpdate:
        """The sum at one site. UserError where a product with the base's weight is needed and not at hand."""
        parts = [(edit.updates[name], edit.strength) for edit in self.edits if name in edit.updates]
        mapped = [(update, s) for update, s in parts if isinstance(update, MappedUpdate)]
        if len(mapped) < len(parts):
            return self._sum([_scaled(multiplied_out(update), s) for update, s in parts])
        first = mapped[0][0]
        products = [update.product and _scaled(update.product, s) for update, s in mapped]
        return MappedUpdate(
            self._map(mapped),
            first.d_out,
            first.weight_hash,  # of the base that the sum states, which is the first edit's
            None if None in products else self._sum([p for p in products if p is not None]),
        )

    def _map(self, mapped: list[tuple[MappedUpdate, float]]) -> Update:
        factors = (factor for update, _ in mapped for factor in update.factors.values())
        key = tuple(id(factor) for factor in factors)  # they belong to the parents, which outlive this
        if key not in self._maps:
            self._maps[key] = self._sum([_scaled(update.input_map, s) for update, s in mapped])
        return self._maps[key]

    def _sum(self, parts: list[Update]) -> Update:
        if len(parts) == 1:
            return parts[0]
        first, second = parts
        if isinstance(first, DenseUpdate) or isinstance(second, DenseUpdate) or first.rank + second.rank > min(first.shape):
            return DenseUpdate(first.dense().double() + second.dense().double())
        key = (id(first.down), id(second.down))
        if key not in self._downs:
            self._downs[key] = torch.cat([first.down.double(), second.down.double()])
        return LowRankUpdate(torch.cat([first.up.double(), second.up.double()], dim=1), self._downs[key])


def _scaled(update: Update, strength: float) -> Update:
    if strength == 1:
        return update
    if isinstance(update, LowRankUpdate):
        return LowRankUpdate(strength * update.up, update.down)
    return DenseUpdate(strength * update.delta)


def _pairs(a: EditRecord, b: EditRecord) -> list[list[str]]:
    """The targets of both. UserError for one that both erase, or for an anchor that the other erases."""
    for twice in _hashes(a.hash, a.meta) & _hashes(b.hash, b.meta):
        raise UserError(f"Edit {twice} is in both: adding it to itself would change the weights twice.")
    pairs_a, pairs_b = ([ConceptPair(*pair) for pair in pairs_of(edit.meta)] for edit in (a, b))
    taken = {folded(pair.target) for pair in pairs_a}
    for pair in pairs_b:
        if folded(pair.target) in taken:
            raise UserError(
                f"Both edits erase {pair.target!r}: the sum would push it twice. Leave it out of one (erasepro.remove_concept)."
            )
    return [[pair.target, pair.anchor] for pair in consistent([*pairs_a, *pairs_b])]


def _hashes(own: str, meta: dict[str, Any]) -> set[str]:
    """An edit's hash and those of the edits it is the sum of."""
    return {own}.union(*(_hashes(parent["hash"], parent["meta"]) for parent in meta.get("parents", ())))


def _check_bases(a: EditRecord, b: EditRecord) -> None:
    base_a, base_b = a.meta.get("base", {}), b.meta.get("base", {})
    for edit, base in ((a, base_a), (b, base_b)):
        for name in edit.updates:
            if name not in base:
                raise UserError(f"Edit {edit.hash} has no fingerprint of the base weight '{name}': it cannot be added.")
    both = [name for name in base_a if name in base_b]
    for name in both:
        if name in a.updates and name in b.updates and a.updates[name].shape != b.updates[name].shape:
            shapes = f"{a.updates[name].shape} and {b.updates[name].shape}"
            raise UserError(f"The edits are of different bases: '{name}' is {shapes}.")
        if not same_base(base_a[name], base_b[name]):
            raise UserError(
                f"The edits are of different bases: the weight '{name}' that they were solved on differs. Solve both on "
                "the same model."
            )
    hashes = [edit.meta.get("model", {}).get("weights_hash") for edit in (a, b)]
    if not both and (hashes[0] != hashes[1] or not hashes[0]):
        name = next(iter(b.updates), "?")
        raise UserError(
            f"The edits share no weight by which their bases could be compared ('{name}' is in one only), and they name "
            f"different models ({hashes[0]} and {hashes[1]}): solve both on the same model."
        )


def _preserved(a: EditRecord, b: EditRecord) -> list[str]:
    erased = {folded(target) for edit in (a, b) for target, _ in pairs_of(edit.meta)}
    names = [name for edit in (a, b) for name in edit.meta.get("concepts", {}).get("preserve", [])]
    return [name for name in dict.fromkeys(names) if folded(name) not in erased]


def _parent(edit: EditRecord) -> dict[str, Any]:
    """What a sum keeps of a part. The base's fingerprints are the sum's own."""
    meta = {key: value for key, value in edit.meta.items() if key != "base"}
    return {"hash": edit.hash, "strength": edit.strength, "stated_alone": edit.residuals, "meta": meta}
