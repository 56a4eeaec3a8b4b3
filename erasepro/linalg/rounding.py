"""The same ΔW in fewer bits: orthogonal factors without idle columns, their numbers rounded to float32.

Shapes: up (d_out, r), down (r, d_in), ΔW = up @ down. Factors whose large terms cancel in ΔW must not be rounded as they are:
with orthonormal rows in `down` and orthogonal columns in `up` (the singular value decomposition of ΔW) nothing cancels, and
ΔW changes by about 2⁻²⁵ of its norm.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update

LARGEST_CHANGE = 1e-6
"""‖ΔW' − ΔW‖/‖ΔW‖ (Frobenius) that rounding may cost."""
NEGLIGIBLE = 1e-9
"""Singular values below this share of ‖ΔW‖ are not stored."""


def orthogonal(update: LowRankUpdate) -> LowRankUpdate:
    """The same ΔW with orthonormal rows in down and orthogonal columns, largest first, in up; r is at most min(d_out, d_in)."""
    Q, R = torch.linalg.qr(update.down.double().T)  # (d_in, k), (k, r)
    U, S, Vh = torch.linalg.svd(update.up.double() @ R.T, full_matrices=False)  # (d_out, k) = U S Vh
    return LowRankUpdate(U * S, Vh @ Q.T)


@dataclass(frozen=True)
class Rounded:
    """ΔW, and the same with numbers that float32 holds (in float64).

    exact: ΔW; of low rank, it is `orthogonal`, and a matrix. update: ΔW', without the singular values below NEGLIGIBLE.
    """

    exact: Update
    update: Update

    @staticmethod
    def of(update: Update) -> Rounded:
        """An update, rounded."""
        if isinstance(update, DenseUpdate):
            return Rounded(update, DenseUpdate(in_float32(update.delta)))
        exact = orthogonal(update.matrix)
        sizes = exact.up.norm(dim=0)
        kept = int((sizes > NEGLIGIBLE * sizes.norm()).sum())  # the largest come first
        return Rounded(exact, LowRankUpdate(in_float32(exact.up[:, :kept]), in_float32(exact.down[:kept])))

    def change(self, W: Tensor | None = None) -> float:
        """‖ΔW' − ΔW‖/‖ΔW‖ (Frobenius); at most that for low ranks, and infinite where ΔW = 0 and ΔW' is not.

        W (d, d_out), float64: what is measured is W ΔW' against W ΔW.
        """
        if isinstance(self.exact, DenseUpdate) or isinstance(self.update, DenseUpdate):
            exact, rounded = self.exact.dense(), self.update.dense()
            return _share(_times(W, rounded - exact).norm(), _times(W, exact).norm())
        # ΔW' − ΔW = (up' − up) down + up' (down' − down), and down has orthonormal rows
        kept = self.update.rank
        moved = -self.exact.up
        moved[:, :kept] += self.update.up
        moved, up = _times(W, moved), _times(W, self.update.up)
        turned = self.update.down - self.exact.down[:kept]  # (kept, d_in)
        rest = ((up @ (turned @ turned.T)) * up).sum().clamp_min(0).sqrt()  # ‖up' (down' − down)‖
        exact_up = -moved
        exact_up[:, :kept] += up
        return _share(moved.norm() + rest, exact_up.norm())


def in_float32(numbers: Tensor) -> Tensor:
    """The nearest numbers that float32 holds, in float64; row by row in memory, as they are read from a file."""
    return numbers.to(torch.float32).to(torch.float64).contiguous()


def is_float32(numbers: Tensor) -> bool:
    """Whether float32 holds every one of these numbers exactly."""
    return torch.equal(in_float32(numbers), numbers.to(torch.float64))


def _times(W: Tensor | None, matrix: Tensor) -> Tensor:
    return matrix if W is None else W @ matrix


def _share(change: Tensor, size: Tensor) -> float:
    if float(size) > 0:
        return float(change) / float(size)
    return 0.0 if float(change) == 0 else float("inf")
