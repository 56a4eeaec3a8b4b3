"""The penalised solve: what UCE and its relatives do, with a residual that never quite vanishes.

    ΔW = argmin ‖ΔW X − R‖² + tr(ΔW C ΔWᵀ)/μ = R (G + I/μ)⁻¹ Xᵀ C⁻¹,     residual −R (I + μG)⁻¹

UCE (arXiv 2308.14761) is C = λI + s_p K Kᵀ and μ = s_e. μ → ∞ is the hard solve. Shapes as in `hard`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from erasepro.linalg.cost import Cost
from erasepro.linalg.hard import Solution, _checked
from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update


def soft(X: Tensor, R: Tensor, cost: Cost | None = None, mu: float = 1.0, weights: Tensor | None = None) -> Solution:
    """The penalised update for X (d_in, n), R (d_out, n), by one Cholesky of the smaller side, in the precision of the cost.

    Args:
        mu: the weight μ > 0 of the constraints against the cost.
        weights: ω (n,): a column counts ω_j times, as if it were repeated.

    Raises:
        ValueError: μ is not positive, shapes do not fit, or μ is so large that G + I/μ is singular to rounding.
    """
    if not mu > 0:
        raise ValueError(f"The softness mu must be positive; got {mu}.")
    X, R, cost = _checked(X, R, cost)
    if weights is not None:
        root = weights.to(X).sqrt()
        X, R = X * root, R * root
    Z = cost.whiten(X)  # (d_in, n)
    d, n = Z.shape
    inner = Z.T @ Z if n <= d else Z @ Z.T
    spread = torch.linalg.eigvalsh(inner)
    inner.diagonal().add_(1.0 / mu)
    L, info = torch.linalg.cholesky_ex(inner)
    pivots = L.diagonal().pow(2)
    noise = len(L) * torch.finfo(L.dtype).eps * float(pivots.max())  # what a zero pivot may come out as
    if int(info) != 0 or float(pivots.min()) <= noise:  # else rounding alone decides whether it can be factored
        raise ValueError(f"The penalised system is singular to rounding: lower mu ({mu:g}), or raise the ridge.")
    if n <= d:
        update: Update = LowRankUpdate(
            R, cost.unwhiten_rows(torch.cholesky_solve(Z.T, L).T)
        ).thin()  # (d_out, n), (n, d_in)
    else:
        update = DenseUpdate(cost.unwhiten_rows(torch.cholesky_solve(Z @ R.T, L)))  # (d_out, d)
    condition = float((spread[-1] + 1 / mu) / (spread[0].clamp_min(0) + 1 / mu))
    return Solution(update, torch.arange(n, device=Z.device), (), condition, exact=False)


def soft_input_map(
    X: Tensor, Y: Tensor, cost: Cost | None = None, mu: float = 1.0, weights: Tensor | None = None
) -> Solution:
    """D with W = W_o (I + D) for every matrix reading X, as in `hard_input_map` but penalised."""
    X = X.to(torch.float64)
    return soft(X, Y.to(X) - X, cost, mu, weights)
