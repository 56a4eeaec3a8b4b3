"""What a change costs: C = λI + s·K Kᵀ, as its Cholesky factor, or thin where K has few columns.

Shapes: K (d_in, m) features to preserve, C = L Lᵀ (d_in, d_in), X (d_in, n). The cost of ΔW is tr(ΔW C ΔWᵀ).
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
        factor = scale / stats.total if mean and stats.total > 0 else scale
        if relative:
            level = factor * stats.mean_square()
            lam = lam * level if level > 0 else lam
        few = stats.few()
        if few is not None and lam > 0:
            return ThinCost.of_columns(few * factor**0.5, lam)
        return cls.of(stats.xx * factor, lam)

    def plus(self, X: Tensor, mu: float) -> Cost:
        """C + μ X Xᵀ for X (d, n) and μ ≥ 0."""
        X = X.to(self.L)
        L, _ = torch.linalg.cholesky_ex(self.dense() + mu * (X @ X.T))
        return Cost(L)

    @property
    def d(self) -> int:
        """The number of dimensions."""
        return len(self.L)

    def dense(self) -> Tensor:
        """C itself (d, d)."""
        return self.L @ self.L.T

    def whiten(self, X: Tensor) -> Tensor:
        """L⁻¹X (d, n), for some L with L Lᵀ = C: there the cost is the plain Frobenius norm."""
        return torch.linalg.solve_triangular(self.L, X.to(self.L), upper=False)

    def pull(self, Z: Tensor) -> Tensor:
        """Zᵀ L⁻¹ (n, d) for Z (d, n) in whitened coordinates: the row space of an update."""
        return torch.linalg.solve_triangular(self.L.T, Z, upper=True).T

    def of_change(self, delta: Tensor) -> float:
        """tr(ΔW C ΔWᵀ) = ‖ΔW L‖_F²."""
        return float((delta.to(self.L) @ self.L).pow(2).sum())


@dataclass(frozen=True)
class ThinCost(Cost):
    """C = λI + A Aᵀ for A (d, m) with m ≪ d, through C^½ = √λ (I + Q diag(√(1 + σ²/λ) − 1) Qᵀ); nothing is (d, d).

    `L` is formed only if asked for. Whitening is C^-½, symmetric, so that a solve's exactness does not hang on how well
    the small σ are known.
    """

    Q: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    spread: Tensor = field(default_factory=lambda: torch.zeros(0))  # σ²/λ (m,)
    lam: float = 1.0

    @classmethod
    def of_columns(cls, A: Tensor, lam: float) -> ThinCost:
        """From A (d, m), by the eigenvectors of AᵀA."""
        values, V = torch.linalg.eigh(A.T @ A)
        keep = values > torch.finfo(A.dtype).eps * len(values) * values.max()
        Q = (A @ V[:, keep]) / values[keep].sqrt()
        return cls(torch.zeros(0, dtype=A.dtype, device=A.device), Q, values[keep] / lam, lam)

    @property
    def d(self) -> int:
        return len(self.Q)

    def dense(self) -> Tensor:
        C = (self.Q * (self.spread * self.lam)) @ self.Q.T
        C.diagonal().add_(self.lam)
        return C

    def plus(self, X: Tensor, mu: float) -> Cost:
        return Cost(torch.linalg.cholesky(self.dense() + mu * (X.to(self.Q) @ X.to(self.Q).T)))

    def whiten(self, X: Tensor) -> Tensor:
        X = X.to(self.Q)
        shrink = 1 - (1 + self.spread).rsqrt()
        return (X - (self.Q * shrink) @ (self.Q.T @ X)) / self.lam**0.5

    def pull(self, Z: Tensor) -> Tensor:
        return self.whiten(Z).T

    def of_change(self, delta: Tensor) -> float:
        delta = delta.to(self.Q)
        along = (delta @ self.Q).pow(2).sum(dim=0)  # (m,)
        return self.lam * float(delta.pow(2).sum() + (along * self.spread).sum())
