"""Reduced-rank regression: the best change that writes into few output directions, with what is held kept exact.

    J(ΔW) = J(ΔW*) + ‖(ΔW − ΔW*) L‖²,  C + μXXᵀ = L Lᵀ,  for every ΔW that holds the same columns as the minimiser ΔW*.

Among those of rank at most r the least is V Vᵀ ΔW*: V are an orthonormal basis of the held columns' changes R_S and, of
what remains of ΔW* L, the leading left singular vectors (Eckart and Young 1936; reduced-rank regression, Izenman 1975).
Shapes: ΔW (d_out, d_in), V (d_out, r), S = ΔW* L Lᵀ ΔW*ᵀ (d_out, d_out).
"""

from __future__ import annotations

import torch
from scipy.linalg import eigh
from torch import Tensor

HELD = 1e-13  # directions of R_S below this share of the largest are rounding


def output_directions(S: Tensor, held: Tensor, rank: int) -> Tensor | None:
    """V (d_out, r) for the change whose weighted moment is S (d_out, d_out); held: R_S (d_out, s).

    r is `rank`, or as many as R_S needs where those are more. None where nothing is saved: r is d_out or more.
    """
    U, sizes, _ = torch.linalg.svd(held, full_matrices=False)
    U = U[:, sizes > HELD * sizes.max()] if len(sizes) else U
    rank = max(rank, U.shape[1])
    if rank >= len(S):
        return None
    if rank == U.shape[1]:
        return U
    rest = S - U @ (U.T @ S)
    rest = rest - (rest @ U) @ U.T
    first = len(S) - (rank - U.shape[1])
    _, leading = eigh((rest + rest.T).cpu().numpy() / 2, subset_by_index=(first, len(S) - 1))  # ascending
    return torch.cat([U, torch.as_tensor(leading, dtype=S.dtype, device=S.device)], dim=1)
