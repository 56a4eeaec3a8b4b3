"""The zero-residual solve: the cheapest ΔW with ΔW X = R.

    C = λI + K Kᵀ     G = Xᵀ C⁻¹ X     ΔW = R G⁺ Xᵀ C⁻¹

minimises tr(ΔW C ΔWᵀ) subject to ΔW X = R. With K empty this is W = W_o + W_o (Y − X) X⁺, the layer-wise solution of
ErasePro (arXiv 2508.04472). Shapes: X (d_in, n), R (d_out, n), C (d_in, d_in).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg.cost import Cost
from erasepro.linalg.reduced_rank import output_directions
from erasepro.linalg.select import WHOLE, Basis, Dropped, dropped_columns, independent_columns
from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update

POLICIES = ("independent", "exact", "least_squares")
LARGEST_UNSELECTED_WEIGHT = 1e6  # beyond it the fit of the columns left out costs the kept ones their digits
STRETCH = 1e7  # the largest condition number of I + μG at which M keeps nine digits
CONTRADICTION = 1e-3  # a miss above this share of a typical column of R is called a contradiction


class ContradictionError(ValueError):
    """Two columns ask for different outputs from (nearly) the same input; `column` and `nearest_column` are their numbers."""

    def __init__(self, message: str, column: int, nearest_column: int) -> None:
        super().__init__(message)
        self.column, self.nearest_column = column, nearest_column


@dataclass(frozen=True)
class Solution:
    """A solve's answer.

    update: ΔW. selected: numbers of the columns that were solved for (with `exact`, they hold exactly). dropped: what became
    of the others. condition: of G (estimated for many columns; NaN where it is not known). exact: False for penalised
    and least-squares fits. input_map: D (d_in, d_in) where the update is W_o D and other weights share D; else None.
    """

    update: Update
    selected: Tensor
    dropped: tuple[Dropped, ...]
    condition: float
    exact: bool = True
    input_map: Update | None = None


def hard(
    X: Tensor,
    R: Tensor,
    cost: Cost | None = None,
    *,
    policy: str = "independent",
    tau: float = 1e-6,
    candidates: Tensor | None = None,
    unselected_weight: float = 0.0,
    max_rank: int | None = None,
    weights: Tensor | None = None,
    labels: Sequence[str] | None = None,
) -> Solution:
    """ΔW = R G⁺ Xᵀ C⁻¹, by triangular solves, in float64 or in the precision that the cost was factored in.

    With `unselected_weight` = μ > 0 the columns that policy "independent" leaves out are not given up: among all ΔW that
    hold the selected columns S exactly, the one of least tr(ΔW C ΔWᵀ) + μ Σ_j ‖ΔW x_j − r_j‖² over all columns, which is
    the soft solve followed by the exact correction of what it leaves on S (`_with_unselected`).

    Args:
        X, R: features (d_in, n) and wanted output changes (d_out, n).
        cost: C through its factor; None is C = I.
        policy: "independent" keeps the columns that a pivoted QR takes before its pivot falls to `tau` and solves those
            exactly; "exact" does the same but refuses when a column left out contradicts the kept ones;
            "least_squares" fits all columns (singular values of L⁻¹X below `tau` of the largest are cut).
        candidates: numbers of the columns that may be selected; None: all. The others count with `unselected_weight` alone.
            Policies but "least_squares".
        unselected_weight: μ ≥ 0, the weight of each column left out; 0 leaves them to chance. Policies but
            "least_squares".
        max_rank: the columns left out are fitted by a ΔW of at most this rank, or of as much as the selected columns need
            (`reduced_rank`); None: of any.
        weights: ω (n,), a column's multiplicity. It matters only to an infeasible least-squares fit.
        labels: names for columns, used in errors.

    Raises:
        ContradictionError: policy "exact" and the constraints cannot all hold; the message names two columns.
        ValueError: shapes that do not fit, non-finite features, or an unknown policy.
    """
    X, R, cost = _checked(X, R, cost)
    Z = cost.whiten(X)  # (d_in, n)
    if policy == "least_squares":
        return _least_squares(Z, R, cost, tau, weights)
    if policy not in POLICIES:
        raise ValueError(f"Unknown rank policy '{policy}'. Known: {', '.join(POLICIES)}.")
    if candidates is None:
        basis = independent_columns(Z, tau)
        dropped = dropped_columns(Z, R, basis)
    else:
        basis, dropped = _among(Z, R, candidates.to(Z.device), tau)
    if policy == "exact" and dropped and dropped[0].violation > CONTRADICTION:
        j, s = dropped[0].column, dropped[0].nearest_column
        name = labels if labels is not None else [f"column {i}" for i in range(X.shape[1])]
        if not bool(Z[:, j].any()):
            raise ContradictionError(
                f"{name[j]} asks for a change, but its input lies in what must stay as it is (or is zero). Preserve less, or "
                "use the rank policy independent or least_squares.", j, s,
            )  # fmt: skip
        if name[j].partition(" (")[0] == name[s].partition(" (")[0]:  # "'dog' → 'cat' (token 4 of …)": one concept
            raise ContradictionError(
                f"The sentences of {name[j].partition(' (')[0]} cannot all hold at once: {name[j]} lies within "
                f"{dropped[0].distance:.1e} of what {name[s]} and others span, but asks for another output. Use fewer "
                "sentences or tokens, or the rank policy independent or least_squares.", j, s,
            )  # fmt: skip
        raise ContradictionError(
            f"The constraints contradict each other: {name[j]} lies within {dropped[0].distance:.1e} of what "
            f"{name[s]} spans, but asks for another output (off by {dropped[0].violation:.2g} of a typical change). "
            "Remove one of the two, or use the rank policy independent or least_squares.",
            j,
            s,
        )
    if not 0 <= unselected_weight <= LARGEST_UNSELECTED_WEIGHT:
        raise ValueError(
            f"The weight of the columns left out must be 0 or more and at most {LARGEST_UNSELECTED_WEIGHT:g}; "
            f"got {unselected_weight}."
        )
    if unselected_weight > 0 and len(basis.selected) < X.shape[1]:
        update = _with_unselected(X, R, cost, Z, basis, unselected_weight, max_rank)
        return Solution(update, basis.selected, dropped, basis.condition)
    wanted = R[:, basis.selected]
    idle = bool((wanted.norm(dim=0) == 0).any())  # columns that ask for no change need not be stored, below
    if basis.well_conditioned and not idle and len(wanted) < len(Z):  # the shorter side takes G⁻¹
        up = torch.cholesky_solve(wanted.T, basis.T, upper=True).T
        return Solution(
            LowRankUpdate(up, cost.unwhiten_rows(basis.columns)).thin(), basis.selected, dropped, basis.condition
        )
    update = LowRankUpdate(wanted, cost.unwhiten_rows(basis.inverse_rows().T))
    return Solution(update.thin(), basis.selected, dropped, basis.condition)


def _among(Z: Tensor, R: Tensor, candidates: Tensor, tau: float) -> tuple[Basis, tuple[Dropped, ...]]:
    """The basis of some of the columns Z (d, n), and what became of the others among them; numbers are those in Z."""
    basis = independent_columns(Z[:, candidates], tau)
    number = candidates.tolist()
    dropped = tuple(
        replace(one, column=number[one.column], nearest_column=number[one.nearest_column])
        for one in dropped_columns(Z[:, candidates], R[:, candidates], basis)
    )
    chosen = replace(basis, selected=candidates[basis.selected])
    if "Q" in basis.__dict__:
        chosen.__dict__["Q"] = basis.Q
    return chosen, dropped


def hard_input_map(X: Tensor, Y: Tensor, cost: Cost | None = None, **options: Any) -> Solution:
    """D = (Y − X) G⁺ Xᵀ C⁻¹ (d_in, d_in): with the target W_o Y, every matrix reading X becomes W_o (I + D).

    One factorisation serves all cross-attention keys and values; see `compose_with_weight`. Options as in `hard`.
    """
    X = X.to(torch.float64)
    return hard(X, Y.to(X) - X, cost, **options)


def compose_with_weight(D: Update, W: Tensor) -> Update:
    """ΔW = W_o D for one matrix W_o (d_out, d_in): up = W_o (Y − X)_S, and `down` is the same tensor for all."""
    if isinstance(D, DenseUpdate):
        return DenseUpdate(W.detach().to(D.delta) @ D.delta)
    return LowRankUpdate(W.detach().to(D.up) @ D.up, D.down)


def _with_unselected(
    X: Tensor, R: Tensor, cost: Cost, Z: Tensor, basis: Basis, mu: float, max_rank: int | None
) -> Update:
    """ΔW = B + (R_S − B X_S) G_S⁻¹ X_Sᵀ C'⁻¹ with C' = C + μ X Xᵀ, B = μ R Xᵀ C'⁻¹ and G_S = X_Sᵀ C'⁻¹ X_S.

    With `max_rank` it is V Vᵀ ΔW, of the few output directions V that matter most to the same sum.
    """
    few = Z.shape[1] <= len(Z) and mu * float(Z.pow(2).sum()) <= STRETCH
    if few and basis.is_spread:
        return _with_few_unselected(R, cost, Z, basis.selected, mu, max_rank)
    selected = basis.selected
    charged = cost.add_gram(X, mu)
    if X.shape[1] > WHOLE:  # B itself (d_out, d_in): the factors would take (d_out + d_in) n numbers
        B = mu * torch.cholesky_solve(X @ R.T, charged.L).T
        Z = charged.whiten(X[:, selected])
        T = torch.linalg.qr(Z, mode="r").R
        left = R[:, selected] - B @ X[:, selected]
        delta = B + torch.cholesky_solve(left.T, T.T).T @ charged.unwhiten_rows(Z)
        V = None
        if max_rank is not None and max_rank < len(delta):
            V = output_directions((delta @ charged.dense()) @ delta.T, R[:, selected], max_rank)
        return DenseUpdate(delta) if V is None else LowRankUpdate(V, V.T @ delta).thin()
    Z = charged.whiten(X)  # (d_in, n)
    T = torch.linalg.qr(Z[:, selected], mode="r").R  # (r, r): G_S = TᵀT
    left = R[:, selected] - mu * (R @ (Z.T @ Z[:, selected]))  # (d_out, r)
    up = mu * R  # both parts are combinations of the rows of Xᵀ C'⁻¹
    up[:, selected] += torch.cholesky_solve(left.T, T.T).T  # left @ (TᵀT)⁻¹
    return _written(up, Z, charged, R[:, selected], max_rank, lambda: Z.T @ Z)


def _written(
    up: Tensor, Z: Tensor, cost: Cost, held: Tensor, max_rank: int | None, gram: Callable[[], Tensor]
) -> Update:
    """ΔW = up Zᵀ L⁻¹, or V Vᵀ ΔW: up (d_out, n), Z (d_in, n) whitened, gram (n, n) what weighs the columns of up."""
    d_out, n = up.shape
    if max_rank is not None and max_rank < min(d_out, n):
        V = output_directions(up @ gram() @ up.T, held, max_rank)
        if V is not None and V.shape[1] < n:
            return LowRankUpdate(V, cost.unwhiten_rows(Z @ (up.T @ V))).thin()
    return LowRankUpdate(up, cost.unwhiten_rows(Z)).thin()


def _with_few_unselected(
    R: Tensor, cost: Cost, Z: Tensor, selected: Tensor, mu: float, max_rank: int | None
) -> Update:
    """The same in n × n, where that is the smaller side: C' is never factored.

    With G = ZᵀZ and M = (I + μG)⁻¹ (Woodbury 1950): Xᵀ C'⁻¹ = M Zᵀ L⁻¹, Xᵀ C'⁻¹ X = M G and R_S − B X_S = R M_S. What
    rounding leaves on the selected columns is corrected once.
    """
    G = Z.T @ Z
    I_mu_G = mu * G
    I_mu_G.diagonal().add_(1.0)
    M = torch.cholesky_inverse(torch.linalg.cholesky(I_mu_G))
    G_S = M[selected] @ G[:, selected]  # (r, r)
    factor = torch.linalg.cholesky((G_S + G_S.T) / 2)

    def held(left: Tensor) -> Tensor:
        """left @ G_S⁻¹ @ M_S: what closes the gap left (d_out, r) of the selected columns, in rows of Zᵀ L⁻¹."""
        return torch.cholesky_solve(left.T, factor).T @ M[selected]

    up = mu * (R @ M) + held(R @ M[:, selected])  # (d_out, n)
    up += held(R[:, selected] - up @ G[:, selected])
    return _written(up, Z, cost, R[:, selected], max_rank, lambda: G @ I_mu_G)


def _least_squares(Z: Tensor, R: Tensor, cost: Cost, tau: float, weights: Tensor | None) -> Solution:
    if weights is not None:
        root = weights.to(Z).sqrt()
        Z, R = Z * root, R * root
    U, s, Vh = torch.linalg.svd(Z, full_matrices=False)  # (d, k), (k,), (k, n)
    keep = s > tau * s.max() if len(s) else s > 0
    U, s, Vh = U[:, keep], s[keep], Vh[keep]
    update = LowRankUpdate((R @ Vh.T) / s, cost.unwhiten_rows(U))  # (d_out, k), (k, d_in)
    condition = float((s[0] / s[-1]) ** 2) if len(s) else float("inf")
    return Solution(update.thin(), torch.arange(Z.shape[1], device=Z.device), (), condition, exact=False)


def _checked(X: Tensor, R: Tensor, cost: Cost | None) -> tuple[Tensor, Tensor, Cost]:
    if X.ndim != 2 or R.ndim != 2 or X.shape[1] != R.shape[1] or X.shape[1] == 0:
        raise ValueError(f"Need X (d_in, n) and R (d_out, n) with n ≥ 1; got {tuple(X.shape)} and {tuple(R.shape)}.")
    dtype = torch.float64 if cost is None else cost.L.dtype
    X, R = X.to(dtype), R.to(X.device, dtype)
    if not bool(torch.isfinite(X.sum() + R.sum())):  # a NaN or infinity does not vanish in a sum
        raise ValueError("The features hold NaN or infinity: check the model's weights and dtype.")
    cost = cost if cost is not None else Cost.ridge(X.shape[0], 1.0, X.device)
    if cost.d != X.shape[0]:
        raise ValueError(f"C is ({cost.d}, {cost.d}) but the features have {X.shape[0]} entries.")
    return X, R, cost
