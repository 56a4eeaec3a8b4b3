"""ΔW = W_o D, kept as the map D of a weight's inputs, which every weight that reads the same features shares.

Shapes: W_o (d_out, d_in) the base weight, D (d_in, d_in). With 32 keys and values D is stored once, not 32 products; whoever
changes a weight has W_o at hand. An export that needs ΔW itself needs W_o too: `Edit.rebuild`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.linalg import LowRankUpdate, Update, compose_with_weight, update_of

PREFIX = "map_"
"""Before the names of D's factors, where they are stored."""


@dataclass(frozen=True)
class MappedUpdate:
    """ΔW = W_o D of one weight.

    Args:
        input_map: D (d_in, d_in).
        d_out: rows of the weight.
        weight_hash: `tensor_hash` of W_o: what the edit does depends on it.
        product: ΔW (d_out, d_in) multiplied out; None where W_o was not at hand. It is not stored.
    """

    input_map: Update
    d_out: int
    weight_hash: str
    product: Update | None = None

    @property
    def factors(self) -> dict[str, Tensor]:
        """What is stored, by name; `mapped_update_of` reads it back."""
        return {f"{PREFIX}{kind}": factor for kind, factor in self.input_map.factors.items()}

    @property
    def rank(self) -> int:
        """An upper bound of the matrix rank."""
        return min(self.input_map.rank, self.d_out)

    @property
    def shape(self) -> tuple[int, int]:
        """(d_out, d_in) of the weight this update belongs to."""
        return self.d_out, self.input_map.shape[1]

    def multiply_out(self, W_o: Tensor) -> MappedUpdate:
        """The same with its product, for the base weight W_o (d_out, d_in)."""
        return MappedUpdate(self.input_map, self.d_out, self.weight_hash, compose_with_weight(self.input_map, W_o))

    def dense(self) -> Tensor:
        """ΔW (d_out, d_in). UserError where the base weight is not at hand."""
        return multiplied_out(self).dense()

    def apply_to(self, W: Tensor, strength: float = 1.0) -> Tensor:
        """W + strength·W D for the base weight W: in float64, cast once to W's dtype. W itself is left alone."""
        exact = W.detach().to(torch.float64)
        return (exact + strength * _times(exact, self.input_map)).to(W.dtype)

    def sizes_of_terms(self, W: Tensor) -> Tensor:
        """(d_out, d_in): the sum of the sizes of what is added up in each number of W D."""
        if isinstance(self.input_map, LowRankUpdate):
            sizes: Update = LowRankUpdate(self.input_map.up.abs(), self.input_map.down.abs())
        else:
            sizes = update_of({"delta": self.input_map.delta.abs()})
        return _times(W.detach().to(torch.float64).abs(), sizes)


SiteUpdate = Update | MappedUpdate
"""A change of one weight: by itself, or as a map of what enters it."""


def mapped_update_of(factors: dict[str, Tensor], d_out: int, weight_hash: str) -> MappedUpdate:
    """The update whose `factors` these are. ValueError for any others."""
    bare = {kind.removeprefix(PREFIX): factor for kind, factor in factors.items()}
    input_map = update_of(bare)
    if input_map.shape[0] != input_map.shape[1]:
        raise ValueError(f"A map of inputs is square; got {input_map.shape}.")
    if d_out < 1:
        raise ValueError(f"A weight has rows; got {d_out}.")
    return MappedUpdate(input_map, d_out, weight_hash)


def is_mapped(kinds: Iterable[str]) -> bool:
    """Whether factors of these names are those of a `MappedUpdate`."""
    return any(kind.startswith(PREFIX) for kind in kinds)


def multiplied_out(update: SiteUpdate) -> Update:
    """ΔW by itself. UserError for a `MappedUpdate` whose base weight is not at hand."""
    if not isinstance(update, MappedUpdate):
        return update
    if update.product is None:
        raise UserError(
            "This edit is stored without the products with the base model's weights: give it the base first "
            "(edit = edit.rebuild(model.pipe), or base=… in an export)."
        )
    return update.product


def _times(W: Tensor, D: Update) -> Tensor:
    """W @ D, the thin factor first."""
    if isinstance(D, LowRankUpdate):
        up, down = (f.to(W.device, torch.float64) for f in (D.up, D.down))
        return (W @ up) @ down  # (d_out, r) @ (r, d_in)
    return W @ D.delta.to(W.device, torch.float64)
