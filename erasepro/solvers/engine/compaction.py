"""What an edit keeps of each solved ΔW: exactly what was solved where that is little, and else as few numbers as serve.

A large edit keeps float32 numbers, where ΔW changes by `LARGEST_CHANGE` of its norm at most, and the map D of the inputs once
for all the weights whose ΔW is W_o D, which those who apply it have at hand. A small one stays complete without its base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate
from erasepro.linalg import LARGEST_CHANGE, LowRankUpdate, Rounded, Update, update_of

SMALL = 4 << 20
"""Bytes of factors in float64 up to which an edit is kept as it was solved."""


class Compaction:
    """The updates of one edit, in float64 on the CPU, as they are to be kept.

    Args:
        updates: site name → ΔW.
        input_maps: site name → D (d_in, d_in), of the sites whose ΔW is W_o D; sites that share D have the same object.
    """

    def __init__(self, updates: Mapping[str, Update], input_maps: Mapping[str, Update]) -> None:
        self.updates = updates
        self._tensors: dict[int, Tensor] = {}  # one copy of the `down` that keys and values share
        self._rounded: dict[int, Rounded] = {}
        self.is_large = _bytes(updates) > SMALL
        rows: dict[int, int] = {}
        for name, D in input_maps.items():
            rows[id(D)] = rows.get(id(D), 0) + updates[name].shape[0]
        self._maps = {name: D for name, D in input_maps.items() if self.is_large and rows[id(D)] > D.shape[0]}
        self._counts = {"float32": 0, "float64": 0}
        self._largest_change = 0.0

    @property
    def precision(self) -> dict[str, Any]:
        """How many weights' factors float32 holds, how many float64; the largest ‖ΔW' − ΔW‖/‖ΔW‖. Empty for a small edit."""
        return {**self._counts, "largest_change": self._largest_change} if self.is_large else {}

    @torch.no_grad()
    def compact(self, name: str, W_o: Tensor, weight_hash: str) -> SiteUpdate:
        """What is kept of one site's ΔW.

        Args:
            W_o: its base weight (d_out, d_in), as stored. A float64 weight keeps float64 factors.
            weight_hash: the hash in its fingerprint.
        """
        D = self._maps.get(name)
        if not self.is_large:
            return self._home(self.updates[name])
        exact = self._home(self.updates[name] if D is None else D)
        W = None if D is None else W_o.detach().to("cpu", torch.float64)
        kept = self._round(name, exact, W, W_o.dtype)
        if W is None:
            return kept
        return MappedUpdate(kept, len(W), weight_hash).multiply_out(W)

    def _round(self, name: str, exact: Update, W: Tensor | None, dtype: torch.dtype) -> Update:
        """ΔW, or a map in front of which W stands, in float32 where that changes it little enough for such a weight."""
        if dtype == torch.float64:
            self._counts["float64"] += 1
            return exact
        D = self._maps.get(name)
        rounded = self._rounded.get(id(D)) or Rounded.of(exact)
        if D is not None:
            self._rounded[id(D)] = rounded
        change = rounded.change(W)
        fits = change <= LARGEST_CHANGE
        self._counts["float32" if fits else "float64"] += 1
        self._largest_change = max(self._largest_change, change if fits else 0.0)
        return _shaped(rounded.update, exact.shape) if fits else exact

    def _home(self, update: Update) -> Update:
        return update_of({kind: self._on_cpu(factor) for kind, factor in update.factors.items()})

    def _on_cpu(self, tensor: Tensor) -> Tensor:
        return self._tensors.setdefault(id(tensor), tensor.detach().to("cpu", torch.float64).contiguous())


def _shaped(update: Update, shape: tuple[int, ...]) -> Update:
    """The same for a weight of this shape: factors are rounded as those of a matrix."""
    if not isinstance(update, LowRankUpdate) or len(shape) == 2:
        return update
    return LowRankUpdate(update.up, update.down.reshape(-1, *shape[1:]))


def _bytes(updates: Mapping[str, Update]) -> int:
    """Bytes of all factors in float64, shared ones once."""
    factors = {id(factor): factor for update in updates.values() for factor in update.factors.values()}
    return 8 * sum(factor.numel() for factor in factors.values())
