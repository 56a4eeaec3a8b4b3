"""Adding and removing constraints of a solved site, at the same cost C and the same features.

With G = Xᵀ C⁻¹ X in blocks (1: solved, 2: new), X₂⊥ = X₂ − X₁ G₁₁⁻¹ G₁₂ and S = X₂⊥ᵀ C⁻¹ X₂⊥:

    add      W₁₂ = W₁ + (W_o Y₂ − W₁ X₂) S⁺ X₂⊥ᵀ C⁻¹     (the joint solve's answer)
    remove   U₁' = U₁ + U₂ G₂₁ G₁₁⁻¹ with U = R G⁻¹, ΔW = U Xᵀ C⁻¹   (the answer for block 1 alone)

Columns must be independent. In a text encoder deeper features hang on shallower edits: replay the chain instead.
Shapes: X_i (d_in, n_i), R₂ (d_out, n₂), ΔW = up @ down with up (d_out, n), down = X_ᵀ C⁻¹ (n, d_in).
"""

from __future__ import annotations

import torch
from torch import Tensor

from erasepro.linalg.cost import Cost
from erasepro.linalg.update import LowRankUpdate


def add_columns(first: LowRankUpdate, X1: Tensor, X2: Tensor, R2: Tensor, cost: Cost) -> LowRankUpdate:
    """The joint update for [X₁, X₂], from the one for X₁. R₂ = W_o (Y₂ − X₂): what W_o's outputs at X₂ must change by."""
    X1, X2, R2 = (t.to(torch.float64) for t in (X1, X2, R2))
    Z1, Z2 = cost.whiten(X1), cost.whiten(X2)
    Q = torch.linalg.qr(Z1).Q  # (d, n₁)
    across = Z2 - Q @ (Q.T @ Z2)  # L⁻¹ X₂⊥
    across = across - Q @ (Q.T @ across)
    T = torch.linalg.qr(across, mode="r").R  # S = TᵀT
    left = R2 - first.up @ (first.down @ X2)  # (d_out, n₂)
    return LowRankUpdate(
        torch.cat([first.up, torch.cholesky_solve(left.T, T.T).T], dim=1),
        torch.cat([first.down, cost.unwhiten_rows(across)], dim=0),
    )


def remove_columns(
    U: Tensor, X: Tensor, cost: Cost, removed: Tensor, mu: float | None = None
) -> tuple[Tensor, LowRankUpdate]:
    """The columns that stay, out of the joint solve's U = R G⁻¹ alone (R is not needed): U₁' and its update.

    Args:
        U, X: (d_out, n) and (d_in, n), all columns.
        removed: (n,) true for the columns that go.
        mu: None for the hard solve; else the soft one's, whose G is G + I/μ.
    """
    Z = cost.whiten(X.to(torch.float64))
    G = Z.T @ Z
    if mu is not None:
        G.diagonal().add_(1.0 / mu)
    gone, stay = removed.nonzero().flatten(), (~removed).nonzero().flatten()
    L = torch.linalg.cholesky(G[stay][:, stay])
    U = U.to(Z)
    U1 = U[:, stay] + U[:, gone] @ torch.cholesky_solve(G[stay][:, gone], L).T  # (d_out, n₂) @ (n₂, n₁)
    return U1, LowRankUpdate(U1, cost.unwhiten_rows(Z[:, stay]))
