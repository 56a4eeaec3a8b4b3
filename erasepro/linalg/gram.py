"""Sums over columns, collected in chunks: what a solve needs of any number of features.

Shapes: X (d_in, n), Y (d_out, n), ω (n,); xx = Σ_j ω_j x_j x_jᵀ (d_in, d_in), yx = Σ_j ω_j y_j x_jᵀ (d_out, d_in).
"""

from __future__ import annotations

import torch
from scipy.linalg import blas
from torch import Tensor


class Statistics:
    """A fitter of xx, and of yx where columns come in pairs: float64 sums, so chunks of any size give the batch's answer.

    Args:
        d_in: length of a column x.
        d_out: length of its partner y; None where there is none.
    """

    def __init__(self, d_in: int, d_out: int | None = None) -> None:
        self._xx: Tensor | None = None
        self._d = d_in
        self._few: list[Tensor] = []  # √ω x, while they are few: thin solves want the columns themselves
        self._held = 0
        self._half = False
        self.yx = None if d_out is None else torch.zeros(d_out, d_in, dtype=torch.float64)
        self.yy = 0.0  # Σ ω ‖y‖²
        self.total = 0.0  # Σ ω
        self.count = 0

    @classmethod
    def of_sums(cls, xx: Tensor, total: float, count: int) -> Statistics:
        """Statistics that were collected before: xx (d_in, d_in), float64, whose upper triangle counts, and which they own.

        total: Σ ω; count: of the columns.
        """
        held = cls(len(xx))
        held._xx, held.total, held.count, held._held, held._half = xx, total, count, count, True
        return held

    def absorb(self, other: Statistics, sign: float = 1.0) -> Statistics:
        """Add the sums xx of other columns, or with sign −1 take them away: of columns that are among these."""
        xx = self._joined()
        if other._few:
            self._square(torch.cat(other._few, dim=1), sign)
        else:
            xx.add_(other._joined().to(xx), alpha=sign)
            self._half |= other._half
        self.total += sign * other.total
        self.count += other.count
        self._held += other._held
        return self

    def update(self, X: Tensor, Y: Tensor | None = None, *, weights: Tensor | None = None) -> Statistics:
        """Add columns X (d_in, m) with their partners Y (d_out, m), column j counted ω_j = weights[j] ≥ 0 times."""
        d = self._d
        if X.ndim != 2 or X.shape[0] != d:
            raise ValueError(f"Features must be ({d}, m); got {tuple(X.shape)}.")
        if (Y is None) != (self.yx is None):
            raise ValueError("Partners Y are needed exactly where d_out was given.")
        self._collect(X, weights)
        X = X.to(torch.float64)
        omega = None if weights is None else weights.to(X)
        if Y is not None and self.yx is not None:
            if Y.shape != (self.yx.shape[0], X.shape[1]):
                raise ValueError(f"Partners must be ({self.yx.shape[0]}, {X.shape[1]}); got {tuple(Y.shape)}.")
            Y = Y.to(X)
            weighted = X if omega is None else X * omega
            self.yx = self.yx.to(X.device).addmm_(Y, weighted.T)  # (d_out, m) @ (m, d_in)
            self.yy += float((Y.pow(2).sum(dim=0) * (1.0 if omega is None else omega)).sum())
        self.total += float(X.shape[1] if omega is None else omega.sum())
        self.count += X.shape[1]
        return self

    @property
    def xx(self) -> Tensor:
        """Σ ω x xᵀ (d_in, d_in)."""
        xx = self._joined()
        if self._half:
            mirror(xx)
            self._half = False
        return xx

    @property
    def upper(self) -> Tensor:
        """The same (d_in, d_in), of which only the upper triangle counts."""
        return self._joined()

    def _joined(self) -> Tensor:
        """xx with the few columns so far in it; only its upper triangle counts while `_half`."""
        if self._xx is None:
            self._xx = torch.zeros(self._d, self._d, dtype=torch.float64)
        if self._few:
            self._square(torch.cat(self._few, dim=1))
        self._few = []
        return self._xx

    def _square(self, A: Tensor, sign: float = 1.0) -> None:
        """xx += sign A Aᵀ; on a CPU only its upper triangle (BLAS syrk, half the work), mirrored when it is read."""
        assert self._xx is not None
        if not A.shape[1]:
            return
        if A.device.type == "cpu":
            blas.dsyrk(sign, A.contiguous().numpy().T, beta=1.0, c=self._xx.numpy().T, trans=1, lower=1, overwrite_c=1)
            self._half = True
        else:
            self._xx = self._xx.to(A.device).addmm_(A, A.T, alpha=sign)  # (d_in, m) @ (m, d_in)

    def held_columns(self) -> Tensor | None:
        """The columns √ω x themselves (d_in, m), while there are no more than d_in/3 and `xx` was not asked for."""
        return torch.cat(self._few, dim=1) if self._few else None

    def mean_square(self) -> float:
        """The mean eigenvalue of xx, tr(xx)/d_in."""
        if self._few:
            return sum(float(A.pow(2).sum()) for A in self._few) / self._d
        return float(self._joined().diagonal().mean())

    def _collect(self, X: Tensor, omega: Tensor | None) -> None:
        A = X.to(torch.float64) if omega is None else X.to(torch.float64) * omega.to(X.device, torch.float64).sqrt()
        self._held += A.shape[1]
        if self._held <= self._d // 3 and self._xx is None:
            self._few.append(A)
            return
        self._joined()
        self._square(A)

    def residual_norm(self, delta: Tensor) -> float:
        """‖ΔW X − Y‖_F of a change delta (d_out, d_in), out of the sums alone (squared: about 1e-8 of ‖Y‖ resolved)."""
        if self.yx is None:
            raise ValueError("There are no partners Y to be left.")
        delta = delta.to(self.xx)
        square = float((delta @ self.xx * delta).sum()) - 2 * float((delta * self.yx).sum()) + self.yy
        return max(square, 0.0) ** 0.5


def mirror(S: Tensor, block: int = 256) -> None:
    """Make S (d, d) symmetric in place by its upper triangle."""
    for i in range(0, len(S), block):
        j = i + block
        S[j:, i:j] = S[i:j, j:].T
        corner = torch.triu(S[i:j, i:j])
        S[i:j, i:j] = corner + torch.triu(corner, 1).T
