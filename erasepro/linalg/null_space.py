"""Solves inside a subspace: the change reads only what the features to preserve do not span.

U (d_in, k) has orthonormal columns, P = U Uᵀ. Every ΔW = ΔŴ Uᵀ leaves W K as it is for K ⟂ U. Inside, with X̂ = UᵀX and
Ĉ = UᵀCU, the problem is the plain one, so the hard and the soft solve serve unchanged and their answer is lifted by Uᵀ.
Shapes: K (d_in, m), S = K Kᵀ (d_in, d_in), X (d_in, n), R (d_out, n).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg.cost import Cost
from erasepro.linalg.hard import Solution, hard
from erasepro.linalg.soft import soft
from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update

ROUNDING = 1e-9  # of a column: less of it than this outside the preserved span is rounding


def null_basis(S: Tensor, threshold: float) -> Tensor:
    """U: eigenvectors of S (d, d) whose eigenvalue is below `threshold`; with S = K Kᵀ/m, ‖ΔW K‖²/m ≤ threshold·‖ΔW‖².

    Raises:
        ValueError: no eigenvalue is that small: what is preserved spans everything and nothing may change.
    """
    values, vectors = torch.linalg.eigh(S.to(torch.float64))  # ascending
    count = int((values < threshold).sum())
    if count == 0:
        raise ValueError(
            f"The features to preserve span all {len(values)} dimensions (smallest eigenvalue {float(values[0]):.2g}, "
            f"threshold {threshold:g}): raise the threshold, or preserve less."
        )
    return vectors[:, :count]


def smallest_directions(S: Tensor, count: int) -> Tensor:
    """U (d, count or more): the eigenvectors of S (d, d) with the smallest eigenvalues.

    All of those whose eigenvalue is the last one's but for rounding: which part of an eigenspace `eigh` puts first hangs on the
    processor. So where S leaves more than `count` directions unused (few texts are retained), all that are unused are free.
    """
    if not 1 <= count <= len(S):
        raise ValueError(f"Of {len(S)} directions, 1 to {len(S)} can be kept free; got {count}.")
    values, vectors = torch.linalg.eigh(S.to(torch.float64))
    rounding = len(S) * torch.finfo(torch.float64).eps * values[-1].abs()
    return vectors[:, : int((values <= values[count - 1] + rounding).sum())]


def orthogonal_complement_in(U: Tensor, K: Tensor, tolerance: float = 1e-10) -> Tensor:
    """The part of span U (d, k) that is orthogonal to the columns of K (d, m): there ΔW K = 0 exactly."""
    inside = U.T @ K.to(U)  # (k, m)
    left, s, _ = torch.linalg.svd(inside, full_matrices=True)
    size = K.to(U).norm(dim=0).max() if K.shape[1] else U.new_ones(())
    rank = int((s > tolerance * size).sum())
    return U @ left[:, rank:]


def null_space(X: Tensor, R: Tensor, U: Tensor, cost: Cost | None = None, **options: Any) -> Solution:
    """ΔW = R (X̂ᵀĈ⁻¹X̂)⁺ X̂ᵀ Ĉ⁻¹ Uᵀ, the hard solve inside span U; with C = I it is R (XᵀPX)⁺ XᵀP.

    Zero residual iff X a ⟂ U implies R a = 0. Options as in `hard`.
    """
    U = U.to(X.device, torch.float64)
    if not U.shape[1]:
        return _nothing(X, R)
    inside = U.T @ X.to(U)
    inside[:, inside.norm(dim=0) <= ROUNDING * X.norm(dim=0).to(U)] = (
        0  # in the preserved span: what is left is rounding
    )
    return _lift(hard(inside, R, _inside(U, cost), **options), U)


def projected(
    X: Tensor, R: Tensor, U: Tensor, cost: Cost | None = None, mu: float = 1.0, weights: Tensor | None = None
) -> Solution:
    """argmin ‖ΔW X − R‖² + tr(ΔW C ΔWᵀ)/μ over ΔW = ΔŴ Uᵀ, which is R XᵀP (XXᵀP + I/μ)⁻¹ with C = I."""
    U = U.to(X.device, torch.float64)
    if not U.shape[1]:
        return _nothing(X, R)
    return _lift(soft(U.T @ X.to(U), R, _inside(U, cost), mu, weights), U)


def _nothing(X: Tensor, R: Tensor) -> Solution:
    """No direction is free: ΔW = 0, and no column is held."""
    update = LowRankUpdate(R.new_zeros(len(R), 0), X.new_zeros(0, len(X)))
    return Solution(update, torch.arange(0, device=X.device), (), float("nan"), exact=False)


def _inside(U: Tensor, cost: Cost | None) -> Cost | None:
    if cost is None:
        return None
    return Cost.from_gram(U.T @ cost.dense().to(U) @ U, 0.0)


def _lift(solution: Solution, U: Tensor) -> Solution:
    inner = solution.update
    if isinstance(inner, DenseUpdate):
        lifted: Update = DenseUpdate(inner.delta @ U.T)
    else:
        lifted = LowRankUpdate(inner.up, inner.down @ U.T)
    return dataclasses.replace(solution, update=lifted)
