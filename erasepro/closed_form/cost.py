"""What a change costs: C = λI + s·K Kᵀ, collected in chunks and kept as its Cholesky factor.

Shapes: K (d_in, m) features to preserve, C = L Lᵀ (d_in, d_in), X (d_in, n). The cost of ΔW is tr(ΔW C ΔWᵀ).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .statistics import Statistics


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
        """C = λI + S for a positive semi-definite S (d, d) and λ ≥ 0; ValueError where that is singular."""
        if not lam >= 0:
            raise ValueError(f"The ridge λ must be 0 or more; got {lam}.")
        C = S.to(torch.float64).clone()
        C.diagonal().add_(lam)
        L, info = torch.linalg.cholesky_ex(C)
        pivots = L.diagonal().pow(2)
        noise = len(C) * torch.finfo(torch.float64).eps * float(pivots.max())  # what a zero pivot may come out as
        if int(info) != 0 or not bool(torch.isfinite(L).all()) or float(pivots.min()) <= noise:
            raise ValueError(
                f"C = λI + K Kᵀ is singular at λ = {lam:g}: its columns do not span the {C.shape[0]} dimensions. "
                "Raise the ridge, or preserve more texts."
            )
        return cls(L)

    @classmethod
    def from_statistics(
        cls, stats: Statistics, lam: float, scale: float = 1.0, mean: bool = False, relative: bool = False
    ) -> Cost:
        """C = λI + scale·S with S = K Kᵀ, the statistics' xx.

        Args:
            mean: divide S by the total weight first, so that λ means the same for any number of columns.
            relative: λ is a multiple of the mean eigenvalue of scale·S, so that it means the same for every layer.
        """
        S = stats.xx * (scale / stats.total if mean and stats.total > 0 else scale)
        if relative:
            level = float(S.diagonal().mean())
            lam = lam * level if level > 0 else lam
        return cls.of(S, lam)

    def plus(self, X: Tensor, mu: float) -> Cost:
        """C + μ X Xᵀ for X (d, n) and μ ≥ 0."""
        L, _ = torch.linalg.cholesky_ex(self.dense() + mu * (X.to(self.L) @ X.to(self.L).T))
        return Cost(L)

    def dense(self) -> Tensor:
        """C itself (d, d)."""
        return self.L @ self.L.T

    def whiten(self, X: Tensor) -> Tensor:
        """L⁻¹X (d, n): there the cost is the plain Frobenius norm."""
        return torch.linalg.solve_triangular(self.L, X.to(self.L), upper=False)

    def pull(self, Z: Tensor) -> Tensor:
        """Zᵀ L⁻¹ (n, d) for Z (d, n) in whitened coordinates: the row space of an update."""
        return torch.linalg.solve_triangular(self.L.T, Z, upper=True).T

    def of_change(self, delta: Tensor) -> float:
        """tr(ΔW C ΔWᵀ) = ‖ΔW L‖_F²."""
        return float((delta.to(self.L) @ self.L).pow(2).sum())
