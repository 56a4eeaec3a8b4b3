"""A weight change: two thin factors where its formula is of low rank, the full tensor where it is not.

Shapes: W (d_out, d_in), up (d_out, r), down (r, d_in); ΔW = up @ down, or delta of W's shape, which may be any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LowRankUpdate:
    """ΔW = up @ down with up (d_out, r) and down (r, d_in): exactly a LoRA whose alpha equals its rank r.

    Of a convolution down is (r, d_in, height, width), and ΔW the product over r.

    Raises:
        ValueError: the factors are of other shapes or their inner sizes differ.
    """

    up: Tensor
    down: Tensor

    def __post_init__(self) -> None:
        if self.up.ndim != 2 or self.down.ndim not in (2, 4) or self.up.shape[1] != self.down.shape[0]:
            raise ValueError(
                f"A low-rank update needs up (d_out, r) and down (r, d_in); got up {tuple(self.up.shape)} and "
                f"down {tuple(self.down.shape)}."
            )

    @property
    def factors(self) -> dict[str, Tensor]:
        """What is stored, by name; `update_of` reads it back."""
        return {"up": self.up, "down": self.down}

    @property
    def rank(self) -> int:
        """The number r of stored factors, an upper bound of the matrix rank."""
        return int(self.up.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the weight this update belongs to: (d_out, d_in) for a linear."""
        return int(self.up.shape[0]), *self.down.shape[1:]

    @property
    def matrix(self) -> LowRankUpdate:
        """The same as a change of a matrix (d_out, all the rest)."""
        return self if self.down.ndim == 2 else LowRankUpdate(self.up, self.down.flatten(1))

    def dense(self) -> Tensor:
        """ΔW, in the weight's shape and the factors' own precision."""
        return (self.up @ self.down.flatten(1)).reshape(self.shape)  # (d_out, r) @ (r, d_in)

    def apply_to(self, W: Tensor, strength: float = 1.0) -> Tensor:
        """W + strength·ΔW: added in float64, cast once to W's dtype. W itself is left alone."""
        up, down = (f.to(W.device, torch.float64) for f in (self.up, self.down))
        return (W.detach().to(torch.float64) + strength * (up @ down.flatten(1)).reshape(W.shape)).to(W.dtype)

    def thin(self, tolerance: float = 1e-13) -> Update:
        """The same ΔW stored in fewer numbers.

        Columns that ask for no change (‖up_j‖ below `tolerance` of the largest) are not stored, and factors that together
        are larger than ΔW become a DenseUpdate (a square ΔW only beyond full rank: it may be
            shared, see `compose_with_weight`).
        """
        up, down = self.up, self.down
        norms = up.norm(dim=0)
        if norms.numel() and float(norms.max()) > 0:
            used = norms > tolerance * norms.max()
            if not bool(used.all()):
                up, down = up[:, used], down[used]
        d_out, d_in = self.shape[0], math.prod(self.shape[1:])
        rank = up.shape[1]
        if rank > min(d_out, d_in) or (d_out != d_in and rank * (d_out + d_in) > d_out * d_in):
            return DenseUpdate(LowRankUpdate(up, down).dense())
        return LowRankUpdate(up, down)


@dataclass(frozen=True)
class DenseUpdate:
    """ΔW = delta, for formulas that are not of low rank, and for weights that are no matrices.

    delta is (d_out, d_in) for a linear; a bias has (d,), a convolution (d_out, d_in, height, width).

    Raises:
        ValueError: delta is a single number.
    """

    delta: Tensor

    def __post_init__(self) -> None:
        if self.delta.ndim < 1:
            raise ValueError(f"A dense update needs delta in its weight's shape; got {tuple(self.delta.shape)}.")

    @property
    def factors(self) -> dict[str, Tensor]:
        """What is stored, by name; `update_of` reads it back."""
        return {"delta": self.delta}

    @property
    def rank(self) -> int:
        """An upper bound of the rank of ΔW as a matrix (d_out, all the rest); 1 for a vector."""
        return min(self.shape[0], math.prod(self.shape[1:]))

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the weight this update belongs to: (d_out, d_in) for a linear."""
        return tuple(self.delta.shape)

    def dense(self) -> Tensor:
        """ΔW, in the weight's shape."""
        return self.delta

    def apply_to(self, W: Tensor, strength: float = 1.0) -> Tensor:
        """W + strength·ΔW: added in float64, cast once to W's dtype. W itself is left alone."""
        return (W.detach().to(torch.float64) + strength * self.delta.to(W.device, torch.float64)).to(W.dtype)


Update = LowRankUpdate | DenseUpdate


def update_of(factors: dict[str, Tensor]) -> Update:
    """The update whose `factors` these are. ValueError for any others."""
    if set(factors) == {"delta"}:
        return DenseUpdate(factors["delta"])
    if set(factors) == {"up", "down"}:
        return LowRankUpdate(factors["up"], factors["down"])
    raise ValueError(f"An update is up and down, or delta; got {', '.join(factors) or 'nothing'}.")


def compose(T: Update, D: Update) -> Update:
    """(I + T)(I + D) − I for square T and D: first T was applied to W_o, then D to W_o (I + T)."""
    if isinstance(T, LowRankUpdate) and isinstance(D, LowRankUpdate):
        up = torch.cat([T.up, D.up + T.up @ (T.down @ D.up)], dim=1)
        return LowRankUpdate(up, torch.cat([T.down, D.down])).thin()
    return DenseUpdate(T.dense() + D.dense() + T.dense() @ D.dense())
