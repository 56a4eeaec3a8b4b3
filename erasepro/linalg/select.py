"""Which columns can be asked for exactly: pivoted QR of the normalised, whitened features.

Z = L⁻¹X (d, n) with columns scaled to length 1. The first column taken is the longest of Z (the one whose output is
cheapest to change; all distances are still 1), then always the one at the greatest distance to the span of those already
taken, until that distance is τ or less: a rule that neither the columns' order nor rounding decides. For many columns it
is followed by LAPACK's pivoted Cholesky of ZᵀZ, whose pivots are the squared distances: it works in blocks, and resolves
distances above 1e-7 or so. For more than `WHOLE` columns ZᵀZ (n, n) would not fit: Z is passed over once a pivot. For a
column j left out, a = G_SS⁻¹ G_Sj is its best combination of the kept ones S, and its residual after the solve is
exactly R_S a − r_j.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.linalg import lapack
from torch import Tensor

MANY = 64  # columns from which on blocks pay
WHOLE = 4096  # columns whose Gram matrix is formed (128 MiB); memory then grows with them, not with their square
WELL_CONDITIONED = 0.03  # the smallest pivot from which on a solve needs no orthonormal basis
AHEAD = 1e-6  # by how much the first column is made longer than the others: more than rounding, less than matters
RESOLVED = 1e-5  # the smallest tau that a pivoted Cholesky can be trusted with


@dataclass(frozen=True)
class Basis:
    """The kept columns Z_S = Q @ T with orthonormal Q (d, r) and upper triangular T (r, r), for the unscaled Z.

    Where the smallest pivot (`pivot`) is large, products with Q are formed from Z_S and T, and Q never is.
    """

    selected: Tensor  # (r,) column numbers, in the order they were taken
    columns: Tensor  # Z_S (d, r)
    T: Tensor
    pivot: float  # the smallest distance that was still taken

    @cached_property
    def Q(self) -> Tensor:
        """By triangular solves, twice: as good as Householder's where the first pass did not lose all digits."""
        Q = torch.linalg.solve_triangular(self.T, self.columns, upper=True, left=False)
        L, info = torch.linalg.cholesky_ex(Q.T @ Q)
        if int(info) != 0:
            return torch.linalg.qr(self.columns)[0]  # then T is made anew from it, see `_by_blocks`
        return torch.linalg.solve_triangular(L.T, Q, upper=True, left=False)  # Q L⁻ᵀ

    @property
    def is_spread(self) -> bool:
        """Whether the columns lie so far from each other that G_SS = TᵀT is well conditioned."""
        return self.pivot >= WELL_CONDITIONED

    @property
    def well_conditioned(self) -> bool:
        """Whether G_SS's factor does the work: the columns are spread, and Q is not known anyway."""
        return self.is_spread and "Q" not in self.__dict__

    def coordinates(self, A: Tensor) -> Tensor:
        """QᵀA (r, m) for A (d, m)."""
        if self.well_conditioned:
            return torch.linalg.solve_triangular(self.T.T, self.columns.T @ A, upper=False)
        return self.Q.T @ A

    def inverse_rows(self) -> Tensor:
        """G_SS⁻¹ Z_Sᵀ = T⁻¹Qᵀ (r, d)."""
        if self.well_conditioned:
            return torch.cholesky_solve(self.columns.T, self.T, upper=True)
        return torch.linalg.solve_triangular(self.T, self.Q.T, upper=True)

    @property
    def condition(self) -> float:
        """The condition number of G_SS in the 2-norm; for many columns T's in the 1-norm, squared."""
        if len(self.T) > MANY:
            rcond, _ = lapack.dtrcon(self.T.cpu().numpy(), norm="1", uplo="U")
            return float(rcond) ** -2 if rcond > 0 else float("inf")
        s = torch.linalg.svdvals(self.T)
        return float((s[0] / s[-1]) ** 2) if len(s) and float(s[-1]) > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that was left out.

    distance: ‖x_j − X_S a‖ / ‖x_j‖ in the C⁻¹ norm, at most τ. violation: ‖R_S a − r_j‖ over the root-mean-square column
    norm of R; a large one is a contradiction with the selected column `nearest_column`, the one of largest |a| (itself
    where none is selected).
    """

    column: int
    nearest_column: int
    distance: float
    violation: float


def independent_columns(Z: Tensor, tau: float) -> Basis:
    """Pivoted QR of Z (d, n) with columns scaled to length 1, stopped at the first pivot ≤ tau."""
    if not 0 < tau < 1:
        raise ValueError(f"The rank tolerance tau must lie in (0, 1); got {tau}.")
    return _by_blocks(Z, tau) if MANY < Z.shape[1] <= WHOLE and tau >= RESOLVED else _one_by_one(Z, tau)


def _by_blocks(Z: Tensor, tau: float) -> Basis:
    """Pivoted Cholesky of ZᵀZ chooses; a Cholesky QR, done twice (as good as Householder's), gives the basis."""
    size = Z.norm(dim=0).clamp_min(torch.finfo(Z.dtype).tiny)
    size[size.argmax()] /= 1 + AHEAD
    unit = Z / size
    factor, order, rank, _ = lapack.dpstrf((unit.T @ unit).cpu().numpy(), tol=tau * tau, lower=0, overwrite_a=1)
    index = torch.from_numpy(order[:rank].astype("int64") - 1).to(Z.device)
    T = torch.from_numpy(np.triu(factor[:rank, :rank])).to(Z.device)
    pivot = float(T.diagonal().min()) if rank else 0.0
    basis = Basis(index, Z[:, index], T * size[index], pivot)
    if basis.well_conditioned:
        return basis
    Q = Basis(index, unit[:, index], T, pivot).Q
    return Basis(index, Z[:, index], torch.triu(Q.T @ Z[:, index]), pivot)


def _one_by_one(Z: Tensor, tau: float) -> Basis:
    """One pass over Z a pivot; distances are downdated and recomputed when cancellation has eaten their digits."""
    d, n = Z.shape
    size = Z.norm(dim=0)
    unit = Z / size.clamp_min(torch.finfo(Z.dtype).tiny)
    left = (size > 0).to(Z.dtype)  # squared distances to the span so far
    trusted, fresh = 1.0, True  # the largest distance when last computed afresh, and whether that was just now
    Q = Z.new_zeros(d, min(d, n))
    kept: list[int] = []
    last = 0.0
    while len(kept) < min(d, n):
        q = Q[:, : len(kept)]
        j = int(left.argmax() if kept else size.argmax())
        z = unit[:, j] - q @ (q.T @ unit[:, j])
        z = z - q @ (q.T @ z)  # twice is enough
        pivot = float(z.norm())
        if not fresh and (pivot <= tau or float(left[j]) < 1e-4 * trusted):
            left = torch.cat([_distances(part, q) for part in unit.split(WHOLE, dim=1)])
            left[kept] = 0
            trusted, fresh = float(left.max()), True
            continue
        if pivot <= tau:
            break
        z, last = z / pivot, pivot
        Q[:, len(kept)] = z
        kept.append(j)
        left = (left - (z @ unit).pow(2)).clamp_min(0)
        left[kept] = 0
        fresh = False
    index = torch.tensor(kept, dtype=torch.long, device=Z.device)
    Q = Q[:, : len(kept)]
    basis = Basis(index, Z[:, index], torch.triu(Q.T @ Z[:, index]), last)
    basis.__dict__["Q"] = Q  # known already
    return basis


def _distances(unit: Tensor, q: Tensor) -> Tensor:
    """Squared distances (m,) of columns (d, m) to the span of the orthonormal q (d, r), computed afresh."""
    rest = unit - q @ (q.T @ unit)
    rest -= q @ (q.T @ rest)
    return rest.pow(2).sum(dim=0)


def dropped_columns(Z: Tensor, R: Tensor, basis: Basis) -> tuple[Dropped, ...]:
    """What became of the columns outside the basis, worst miss first. Z (d, n), R (d_out, n)."""
    mask = torch.ones(Z.shape[1], dtype=torch.bool, device=Z.device)
    mask[basis.selected] = False
    out = mask.nonzero().flatten()
    typical = (R.pow(2).sum() / R.shape[1]).sqrt().clamp_min(torch.finfo(R.dtype).tiny)
    if not len(basis.selected):
        asked = zip(out.tolist(), (R[:, out].norm(dim=0) / typical).tolist(), strict=True)
        return tuple(sorted((Dropped(j, j, 0.0, miss) for j, miss in asked), key=lambda x: -x.violation))
    rows = [row for at in out.split(WHOLE) for row in _shortfalls(Z, R, basis, at, typical)]
    return tuple(sorted(rows, key=lambda x: -x.violation))


def _shortfalls(Z: Tensor, R: Tensor, basis: Basis, out: Tensor, typical: Tensor) -> list[Dropped]:
    """What became of the columns `out`, for a typical norm of a column of R."""
    part = basis.coordinates(Z[:, out])  # (r, n_out)
    a = torch.linalg.solve_triangular(basis.T, part, upper=True)
    size = Z[:, out].norm(dim=0).clamp_min(torch.finfo(Z.dtype).tiny)
    if basis.well_conditioned:
        distance = (1 - (part.norm(dim=0) / size).pow(2)).clamp_min(0).sqrt()
    else:
        distance = (Z[:, out] - basis.Q @ part).norm(dim=0) / size
    miss = (R[:, basis.selected] @ a - R[:, out]).norm(dim=0) / typical
    like = basis.selected[(a.abs() * Z[:, basis.selected].norm(dim=0)[:, None]).argmax(dim=0)]
    rows = zip(out.tolist(), like.tolist(), distance.tolist(), miss.tolist(), strict=True)
    return [Dropped(*row) for row in rows]
