"""What a change costs: C = λI + s·K Kᵀ, as its Cholesky factor, or thin where K has few columns.

Shapes: K (d_in, m) features to preserve, C = L Lᵀ (d_in, d_in), X (d_in, n). The cost of ΔW is tr(ΔW C ΔWᵀ).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from erasepro.linalg.gram import Statistics, mirror


@dataclass(frozen=True)
class Cost:
    """C = L Lᵀ through its lower Cholesky factor L (d, d), float64 unless it is asked for otherwise; C⁻¹ is never formed."""

    L: Tensor
    C: Tensor | None = field(default=None, repr=False)
    """C itself, where it is at hand: L Lᵀ costs as much as several factorisations. Only its upper triangle counts."""

    @classmethod
    def ridge(cls, d: int, lam: float = 1.0, device: torch.device | str | None = None) -> Cost:
        """C = λI."""
        return cls.from_gram(torch.zeros(d, d, dtype=torch.float64, device=device), lam)

    @classmethod
    def from_gram(cls, S: Tensor, lam: float) -> Cost:
        """C = λI + S for a positive semi-definite S (d, d) and λ ≥ 0; ValueError where that is singular."""
        if not lam >= 0:
            raise ValueError(f"The ridge λ must be 0 or more; got {lam}.")
        return cls._owning(S.to(torch.float64).clone(), lam)

    @classmethod
    def _owning(cls, C: Tensor, lam: float) -> Cost:
        """As `from_gram`, but S is a tensor that may be written to, and only its upper triangle counts."""
        C.diagonal().add_(lam)
        L, info = torch.linalg.cholesky_ex(C.T)  # the lower triangle of Cᵀ, in the order that LAPACK reads
        pivots = L.diagonal().pow(2)
        noise = len(C) * torch.finfo(C.dtype).eps * float(pivots.max())  # what a zero pivot may come out as
        if int(info) != 0 or not bool(torch.isfinite(pivots.sum())) or float(pivots.min()) <= noise:
            if C.dtype != torch.float64:
                raise ValueError("C = λI + K Kᵀ is singular in float32: raise the ridge, or solve in float64.")
            raise ValueError(
                f"C = λI + K Kᵀ is singular at λ = {lam:g}: its columns do not span the {C.shape[0]} dimensions. "
                "Raise the ridge, or preserve more texts."
            )
        return cls(L, C)

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
        few = stats.held_columns()
        if few is not None and lam > 0:
            return ThinCost.of_columns(few * factor**0.5, lam)
        if not lam >= 0:
            raise ValueError(f"The ridge λ must be 0 or more; got {lam}.")
        return cls._owning(stats.upper * factor, lam)

    def in_precision(self, dtype: torch.dtype) -> Cost:
        """C rounded to another precision, and factored in it. Raises ValueError where it is singular there."""
        return self if dtype == self.L.dtype else Cost._owning(self.dense().to(dtype), 0.0)

    def add_gram(self, X: Tensor, mu: float) -> Cost:
        """C + μ X Xᵀ for X (d, n) and μ ≥ 0."""
        X = X.to(self.L)
        C = torch.addmm(self.dense(), X, X.T, alpha=mu)
        L, _ = torch.linalg.cholesky_ex(C)
        return Cost(L, C)

    @property
    def d(self) -> int:
        """The number of dimensions."""
        return len(self.L)

    def dense(self) -> Tensor:
        """C itself (d, d)."""
        if self.C is None:
            return self.L @ self.L.T
        mirror(self.C)
        return self.C

    def whiten(self, X: Tensor) -> Tensor:
        """L⁻¹X (d, n), for some L with L Lᵀ = C: there the cost is the plain Frobenius norm."""
        return torch.linalg.solve_triangular(self.L, X.to(self.L), upper=False)

    def unwhiten_rows(self, Z: Tensor) -> Tensor:
        """Zᵀ L⁻¹ (n, d) for Z (d, n) in whitened coordinates: the row space of an update."""
        return torch.linalg.solve_triangular(self.L.T, Z, upper=True).T

    def value(self, delta: Tensor) -> float:
        """tr(ΔW C ΔWᵀ) = ‖ΔW L‖_F²."""
        return float((delta.to(self.L) @ self.L).pow(2).sum())


@dataclass(frozen=True)
class ThinCost(Cost):
    """C = λI + A Aᵀ for A (d, m) with m < d, through M = λI + AᵀA = M_L M_Lᵀ (m, m); nothing is (d, d).

    λC⁻¹ = B Bᵀ with B = I − A M_L⁻ᵀ (M_L + √λ I)⁻¹ Aᵀ (Andrews 1968, the square root of Kalman filtering), so whitening
    is Bᵀ/√λ. `L` is not formed.
    """

    A: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    M_L: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    lam: float = 1.0

    @classmethod
    def of_columns(cls, A: Tensor, lam: float) -> ThinCost:
        """From A (d, m) and λ > 0."""
        M = A.T @ A
        M.diagonal().add_(lam)
        L, info = torch.linalg.cholesky_ex(M)
        if int(info) != 0 or not bool(torch.isfinite(L.diagonal().sum())):
            raise ValueError(f"C = λI + K Kᵀ cannot be factored at λ = {lam:g}: raise the ridge.")
        return cls(A.new_zeros(0), A=A, M_L=L, lam=lam)

    @property
    def d(self) -> int:
        return len(self.A)

    def dense(self) -> Tensor:
        C = self.A @ self.A.T
        C.diagonal().add_(self.lam)
        return C

    def add_gram(self, X: Tensor, mu: float) -> Cost:
        return Cost(torch.linalg.cholesky(self.dense() + mu * (X.to(self.A) @ X.to(self.A).T)))

    def whiten(self, X: Tensor) -> Tensor:
        X = X.to(self.A)
        inner = torch.linalg.solve_triangular(self.M_L, self.A.T @ X, upper=False)
        inner = torch.linalg.solve_triangular(self._shifted().T, inner, upper=True)
        return torch.addmm(X, self.A, inner, alpha=-1.0).div_(self.lam**0.5)

    def unwhiten_rows(self, Z: Tensor) -> Tensor:
        inner = torch.linalg.solve_triangular(self._shifted(), self.A.T @ Z, upper=False)
        inner = torch.linalg.solve_triangular(self.M_L.T, inner, upper=True)
        return torch.addmm(Z, self.A, inner, alpha=-1.0).div_(self.lam**0.5).T

    def value(self, delta: Tensor) -> float:
        delta = delta.to(self.A)
        return self.lam * float(delta.pow(2).sum()) + float((delta @ self.A).pow(2).sum())

    def _shifted(self) -> Tensor:
        """M_L + √λ I."""
        L = self.M_L.clone()
        L.diagonal().add_(self.lam**0.5)
        return L
