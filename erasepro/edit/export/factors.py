"""The two LoRA factors of every weight: of the edit's own where it has them, a truncated SVD where its ΔW is dense.

Both are rounded to float32. What that and the SVD cost is measured on the numbers that are written.

Shapes: up (d_out, r), down (r, d_in), ΔW (d_out, d_in). strength·ΔW = up @ down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from erasepro.edit.fits_lora import fits_lora
from erasepro.edit.mapped_update import multiplied_out
from erasepro.errors import UserError
from erasepro.linalg import LowRankUpdate
from erasepro.runtime.progress import stage

if TYPE_CHECKING:
    from erasepro.edit import Edit

ALLOWED_LOSS = 1e-3  # relative Frobenius loss that the default rank of a dense ΔW stays below …
LARGEST_RANK = 128  # … unless this rank is not enough


@dataclass(frozen=True)
class Factors:
    """up (d_out, r) and down (r, d_in) in float32.

    loss: ‖ΔW − up·down‖/‖ΔW‖ (Frobenius) of the truncated SVD of a ΔW, None for factors of the edit's own.
    rounding: the same for what float32 changes in the factors' product; 0 where it holds them exactly.
    sufficient: the rank from which on a dense ΔW's SVD loses less than `ALLOWED_LOSS`; 0 of others.
    kernel: (height, width) of a convolution, whose d_in here counts channels, rows and columns; () of a linear.
    """

    up: Tensor
    down: Tensor
    loss: float | None = None
    rounding: float = 0.0
    sufficient: int = 0
    kernel: tuple[int, ...] = ()

    @property
    def stored(self) -> tuple[Tensor, Tensor]:
        """up and down as LoRA files have them: of a convolution (d_out, r, 1, 1) and (r, channels, height, width)."""
        if not self.kernel:
            return self.up, self.down
        return self.up[:, :, None, None], self.down.reshape(self.rank, -1, *self.kernel)

    @property
    def rank(self) -> int:
        """r: what alpha must be for a scale of 1."""
        return int(self.down.shape[0])


def lora_factors(edit: Edit, rank: int | None = None) -> dict[str, Factors]:
    """Site name → factors of strength·ΔW. Weights that the edit leaves alone (rank 0) are not among them.

    Args:
        rank: at most this, by an SVD of what has more; None: of dense updates the smallest whose loss is below ALLOWED_LOSS, at
            most LARGEST_RANK, while updates that are factors already keep them.

    Raises:
        UserError: a rank below 1, an edit that changes nothing, or one that is kept as W_o D, without W_o.
    """
    if rank is not None and (isinstance(rank, bool) or not isinstance(rank, int) or rank < 1):
        raise UserError(f"The rank of an export is a whole number from 1 on; got {rank!r}.")
    factors: dict[str, Factors] = {}
    loss: float | None
    with stage("Making factors", len(edit.updates), unit="layers") as advance:
        for site, kept in edit.updates.items():
            update = multiplied_out(kept)
            if not fits_lora(site, update):
                raise UserError(
                    f"A LoRA holds changes of linear layers alone; this edit changes '{site}' {update.shape}: export it as a "
                    "whole model (format=diffusers base=FOLDER, or format=single_file)."
                )
            kernel = update.shape[2:]
            update = update.matrix if isinstance(update, LowRankUpdate) else update
            if isinstance(update, LowRankUpdate) and (rank is None or update.rank <= rank):
                up, down, loss, sufficient = update.up.double(), update.down.double(), None, 0
            else:
                up, down, loss, sufficient = _truncated(update.dense().double(), rank)
            if up.shape[1]:
                up, down = _balanced(*_without_cancellation(edit.strength * up, down))
                up32, down32 = up.float().contiguous(), down.float().contiguous()
                rounding = product_difference(up, down, up32, down32)
                factors[site] = Factors(up32, down32, loss, rounding, sufficient, kernel)
            advance(1)
    if not factors:
        raise UserError("This edit changes no weight: there is nothing to export as a LoRA.")
    return factors


def product_difference(up: Tensor, down: Tensor, up_r: Tensor, down_r: Tensor) -> float:
    """‖up·down − up_r·down_r‖/‖up·down‖ (Frobenius) of factors and the same rounded, in float64; 0 of a product of zeros.

    The difference is (up − up_r) down + up_r (down − down_r), whose terms are small: nothing large cancels. The norm of a
    product AB is that of (AᵀA) ∘ (BBᵀ), so no (d_out, d_in) is made.
    """
    up, down, up_r, down_r = (factor.double() for factor in (up, down, up_r, down_r))
    A, B = torch.cat([up - up_r, up_r], dim=1), torch.cat([down, down - down_r])  # (d_out, 2r), (2r, d_in)
    size = _product_norm(up, down)
    return _product_norm(A, B) / size if size > 0 else 0.0


def _product_norm(A: Tensor, B: Tensor) -> float:
    """‖A B‖ (Frobenius)."""
    return float(((A.T @ A) * (B @ B.T)).sum().clamp_min(0).sqrt())


def roundings(factors: dict[str, Factors]) -> dict[str, float]:
    """Site → what rounding its factors to float32 changes, of the weights where it changes something."""
    return {site: f.rounding for site, f in factors.items() if f.rounding}


def sufficient_rank(factors: dict[str, Factors]) -> int:
    """The rank at which no dense ΔW would lose `ALLOWED_LOSS`; 0 where none does."""
    return max((f.sufficient for f in factors.values() if (f.loss or 0.0) >= ALLOWED_LOSS), default=0)


def losses(factors: dict[str, Factors]) -> dict[str, float]:
    """Site → what the SVD of its dense ΔW lost."""
    return {site: f.loss for site, f in factors.items() if f.loss is not None}


def _truncated(delta: Tensor, rank: int | None) -> tuple[Tensor, Tensor, float, int]:
    """The best factors of this rank, what they lose, and the rank that would lose less than `ALLOWED_LOSS`."""
    U, S, Vh = torch.linalg.svd(delta, full_matrices=False)
    total = float(S.norm())
    if total == 0:
        return U[:, :1] * 0, Vh[:1], 0.0, 1
    tails = S.flip(0).square().cumsum(0).flip(0).sqrt() / total  # tails[r]: the loss of keeping r
    sufficient = int((tails >= ALLOWED_LOSS).sum())
    rank = min(min(sufficient, LARGEST_RANK) if rank is None else rank, len(S))
    return U[:, :rank] * S[:rank], Vh[:rank], float(tails[rank]) if rank < len(S) else 0.0, sufficient


def _without_cancellation(up: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """The same product with orthonormal rows in down (r, d_in), so that no large terms cancel where it is cast to float32.

    downᵀ = QR gives up down = (up Rᵀ) Qᵀ; r falls to d_in where it is larger.
    """
    Q, R = torch.linalg.qr(down.T)  # (d_in, min(d_in, r)), (min(d_in, r), r)
    return up @ R.T, Q.T


def _balanced(up: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """The same product with ‖up_j‖ and ‖down_j‖ alike, for loaders that cast to float16.

    The factors move by powers of two, so nothing is rounded.
    """
    a, b = up.norm(dim=0), down.norm(dim=1)
    shift = torch.where((a > 0) & (b > 0), (b.clamp_min(1e-300) / a.clamp_min(1e-300)).log2() / 2, 0.0).round()
    return up * shift.exp2(), down * (-shift).exp2()[:, None]
