"""Sums over columns, collected in chunks: what a solve needs of any number of features.

Shapes: X (d_in, n), Y (d_out, n), ω (n,); xx = Σ_j ω_j x_j x_jᵀ (d_in, d_in), yx = Σ_j ω_j y_j x_jᵀ (d_out, d_in).
"""

from __future__ import annotations

import torch
from torch import Tensor


class Statistics:
    """A fitter of xx, and of yx where columns come in pairs: float64 sums, so chunks of any size give the batch's answer.

    Args:
        d_in: length of a column x.
        d_out: length of its partner y; None where there is none.
    """

    def __init__(self, d_in: int, d_out: int | None = None) -> None:
        self.xx = torch.zeros(d_in, d_in, dtype=torch.float64)
        self.yx = None if d_out is None else torch.zeros(d_out, d_in, dtype=torch.float64)
        self.yy = 0.0  # Σ ω ‖y‖²
        self.total = 0.0  # Σ ω
        self.count = 0

    def update(self, X: Tensor, Y: Tensor | None = None, *, weights: Tensor | None = None) -> Statistics:
        """Add columns X (d_in, m) with their partners Y (d_out, m), column j counted ω_j = weights[j] ≥ 0 times."""
        d = self.xx.shape[0]
        if X.ndim != 2 or X.shape[0] != d:
            raise ValueError(f"Features must be ({d}, m); got {tuple(X.shape)}.")
        if (Y is None) != (self.yx is None):
            raise ValueError("Partners Y are needed exactly where d_out was given.")
        X = X.to(torch.float64)
        omega = None if weights is None else weights.to(X)
        weighted = X if omega is None else X * omega
        self.xx = self.xx.to(X.device).addmm_(weighted, X.T)  # (d_in, m) @ (m, d_in)
        if Y is not None and self.yx is not None:
            if Y.shape != (self.yx.shape[0], X.shape[1]):
                raise ValueError(f"Partners must be ({self.yx.shape[0]}, {X.shape[1]}); got {tuple(Y.shape)}.")
            Y = Y.to(X)
            self.yx = self.yx.to(X.device).addmm_(Y, weighted.T)  # (d_out, m) @ (m, d_in)
            self.yy += float((Y.pow(2).sum(dim=0) * (1.0 if omega is None else omega)).sum())
        self.total += float(X.shape[1] if omega is None else omega.sum())
        self.count += X.shape[1]
        return self

    def left(self, delta: Tensor) -> float:
        """‖ΔW X − Y‖_F of a change delta (d_out, d_in), out of the sums alone (squared: about 1e-8 of ‖Y‖ resolved)."""
        if self.yx is None:
            raise ValueError("There are no partners Y to be left.")
        delta = delta.to(self.xx)
        square = float((delta @ self.xx * delta).sum()) - 2 * float((delta * self.yx).sum()) + self.yy
        return max(square, 0.0) ** 0.5
