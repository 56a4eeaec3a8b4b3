"""What a change costs: C = λI + s·K Kᵀ, collected in chunks and kept as its Cholesky factor.

Shapes: K (d_in, m) features to preserve, C = L Lᵀ (d_in, d_in), X (d_in, n). The cost of ΔW is tr(ΔW C ΔWᵀ).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


class Gram:
    """A fitter of S = Σ_j ω_j k_j k_jᵀ (d, d): float64 sums, so chunks of any size give the batch's answer."""

    def __init__(self, d: int) -> None:
        self.S = torch.zeros(d, d, dtype=torch.float64)
        self.total = 0.0

    def update(self, K: Tensor, weights: Tensor | None = None) -> Gram:
        """Add the columns of K (d, m), column j counted ω_j = weights[j] ≥ 0 times (once by default)."""
        if K.ndim != 2 or K.shape[0] != self.S.shape[0]:
            raise ValueError(f"Features to preserve must be ({self.S.shape[0]}, m); got {tuple(K.shape)}.")
        K = K.to(torch.float64)
        self.S = self.S.to(K.device)
        if weights is None:
            self.S.addmm_(K, K.T)  # (d, m) @ (m, d)
            self.total += K.shape[1]
        else:
            w = weights.to(K)
            self.S.addmm_(K * w, K.T)
            self.total += float(w.sum())
        return self


@dataclass(frozen=True)
class Cost:
    """C = L Lᵀ through its lower Cholesky factor L (d, d), float64; C⁻¹ is never formed."""

    L: Tensor

    @classmethod
    def ridge(cls, d: int, lam: float = 1.0, device: torch.device | str | None = None) -> Cost:
        """C = λI."""
        return cls.of(torch.zeros(d, d, dtype=torch.float64, device=device), lam)

    @classmethod
    def of(cls, S: Tensor, lam: float) -> Cost:
        """C = λI + S for a positive semi-definite S (d, d); λ > 0 else ValueError."""
        if not lam > 0:
            raise ValueError(f"The ridge λ must be positive (got {lam}): without it C = λI + K Kᵀ may be singular.")
        C = S.to(torch.float64).clone()
        C.diagonal().add_(lam)
        L, info = torch.linalg.cholesky_ex(C)
        if int(info) != 0 or not bool(torch.isfinite(L).all()):
            raise ValueError(f"C = λI + K Kᵀ is not positive definite at λ = {lam:g}: raise the ridge.")
        return cls(L)

    @classmethod
    def from_gram(cls, gram: Gram, lam: float, scale: float = 1.0, mean: bool = False, relative: bool = False) -> Cost:
        """C = λI + scale·S.

        Args:
            mean: divide S by the total weight first, so that λ means the same for any number of columns.
            relative: λ is a multiple of the mean eigenvalue of scale·S, so that it means the same for every layer.
        """
        S = gram.S * (scale / gram.total if mean and gram.total > 0 else scale)
        if relative:
            level = float(S.diagonal().mean())
            lam = lam * level if level > 0 else lam
        return cls.of(S, lam)

    def plus(self, X: Tensor, mu: float) -> Cost:
        """C + μ X Xᵀ for X (d, n) and μ ≥ 0."""
        L, _ = torch.linalg.cholesky_ex(self.L @ self.L.T + mu * (X.to(self.L) @ X.to(self.L).T))
        return Cost(L)

    def whiten(self, X: Tensor) -> Tensor:
        """L⁻¹X (d, n): there the cost is the plain Frobenius norm."""
        return torch.linalg.solve_triangular(self.L, X.to(self.L), upper=False)

    def pull(self, Z: Tensor) -> Tensor:
        """Zᵀ L⁻¹ (n, d) for Z (d, n) in whitened coordinates: the row space of an update."""
        return torch.linalg.solve_triangular(self.L.T, Z, upper=True).T

    def of_change(self, delta: Tensor) -> float:
        """tr(ΔW C ΔWᵀ) = ‖ΔW L‖_F²."""
        return float((delta.to(self.L) @ self.L).pow(2).sum())
