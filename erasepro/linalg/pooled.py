"""Solves from sums alone, for more columns than fit in memory or than there are dimensions.

With C = L Lᵀ, S_xx = X Xᵀ and S_rx = R Xᵀ (`Statistics`), for any number of columns:

    hard / least squares   ΔW = S_rx L⁻ᵀ (L⁻¹ S_xx L⁻ᵀ)⁺ L⁻¹
    soft                   ΔW = S_rx (S_xx + C/μ)⁻¹

It squares the condition number: prefer the columns themselves where they are few. Shapes: ΔW (d_out, d_in).
"""

from __future__ import annotations

import torch
from torch import Tensor

from erasepro.linalg.cost import Cost
from erasepro.linalg.gram import Statistics
from erasepro.linalg.update import DenseUpdate


def least_squares_pooled(stats: Statistics, cost: Cost | None = None, tau: float = 1e-6) -> DenseUpdate:
    """The fit of R by ΔW X of least tr(ΔW C ΔWᵀ); exact where that is possible, else "not exact".

    Args:
        stats: of X with partners R.
        tau: singular values of L⁻¹X below this share of the largest are cut.
    """
    S_rx, S_xx, cost = _parts(stats, cost)
    half = cost.whiten(S_xx)  # L⁻¹ S_xx
    inner = cost.whiten(half.T)  # L⁻¹ S_xx L⁻ᵀ, symmetric
    values, V = torch.linalg.eigh((inner + inner.T) / 2)
    keep = values > tau**2 * values.max()
    V, values = V[:, keep], values[keep]
    along = cost.whiten(S_rx.T).T @ V  # S_rx L⁻ᵀ V (d_out, r)
    return DenseUpdate((along / values) @ cost.unwhiten_rows(V))


def soft_pooled(stats: Statistics, cost: Cost | None = None, mu: float = 1.0) -> DenseUpdate:
    """ΔW = S_rx (S_xx + C/μ)⁻¹ by one Cholesky."""
    if not mu > 0:
        raise ValueError(f"The softness mu must be positive; got {mu}.")
    S_rx, S_xx, cost = _parts(stats, cost)
    L, info = torch.linalg.cholesky_ex(S_xx + cost.dense() / mu)
    if int(info) != 0:
        raise ValueError("X Xᵀ + C/μ is singular: raise the ridge, or preserve more texts.")
    return DenseUpdate(torch.cholesky_solve(S_rx.T, L).T)


def _parts(stats: Statistics, cost: Cost | None) -> tuple[Tensor, Tensor, Cost]:
    if stats.yx is None:
        raise ValueError("The statistics hold no wanted changes: update them with X and R.")
    if not bool(torch.isfinite(stats.xx.sum() + stats.yx.sum())):
        raise ValueError("The features hold NaN or infinity: check the model's weights and dtype.")
    return stats.yx, stats.xx, cost if cost is not None else Cost.ridge(len(stats.xx), 1.0, stats.xx.device)
