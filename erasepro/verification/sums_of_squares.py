"""Sums of squares over columns of features, and the numbers of a certificate that are made of them.

Shapes: W, W_o (d_out, d_in); X, O, Y (d_in, n); see `sentence_features`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Statistics

BLOCK = 1024  # columns measured at a time


@dataclass
class Squares:
    """Sums of squares over columns, in float64: of ‖W_o O − W_o Y‖, ‖W X − W_o Y‖ and ‖W_o Y‖, and over the selected."""

    before: float = 0.0
    after: float = 0.0
    size: float = 0.0
    after_selected: float = 0.0
    size_selected: float = 0.0
    columns: int = 0
    selected: int = 0
    unknown: bool = False  # some columns are not known to be selected or not

    def add(self, W_o: Tensor, W: Tensor, columns: tuple[Tensor, ...], chosen: set[int] | None) -> None:
        """Add columns.

        Args:
            W_o: the base weight (d_out, d_in).
            W: the edited one.
            columns: the columns' numbers, and X, O and Y (d_in, n) of them.
            chosen: the numbers of the columns that the solve selected; None: not known.
        """
        numbers, *features = columns
        self.unknown |= chosen is None
        for at in torch.arange(len(numbers)).split(BLOCK):
            X, O, Y = (f[:, at.to(f.device)].to(torch.float64) for f in features)
            V = W_o @ Y
            off, size = ((part).pow(2).sum(dim=0) for part in (W @ X - V, V))
            self.before += float((W_o @ O - V).pow(2).sum())
            self.after, self.size = self.after + float(off.sum()), self.size + float(size.sum())
            mask = torch.tensor([j in chosen for j in numbers[at].tolist()] if chosen else [False] * len(at))
            mask = mask.to(off.device)
            self.after_selected += float(off[mask].sum())
            self.size_selected += float(size[mask].sum())
            self.columns, self.selected = self.columns + len(at), self.selected + int(mask.sum())

    def numbers(self) -> dict[str, Any]:
        """Relative residuals before, after, and after over the selected columns (None: not known, or no columns)."""
        known = not self.unknown and self.selected > 0
        return {
            "columns": self.columns,
            "selected": None if self.unknown else self.selected,
            "residual_before": ratio(self.before, self.size),
            "residual_after": ratio(self.after, self.size),
            "residual_selected": ratio(self.after_selected, self.size_selected) if known else None,
        }


@dataclass
class Drift:
    """Sums of squares ‖W K_e − W_o K‖² and ‖W_o K‖² over the preserved sentences, in float64."""

    moved: float = 0.0
    size: float = 0.0

    def add(self, W_o: Tensor, W: Tensor, sums: Statistics) -> None:
        """Add K whose sums are those of [K; K_e − K] stacked, or of K where no text layer changed it.

        W K_e − W_o K = [ΔW, W] [K; K_e − K], so only the sums of products are needed.
        """
        S, d = sums.xx.to(W), W.shape[1]
        B = W - W_o if len(S) == d else torch.cat([W - W_o, W], dim=1)
        self.moved += max(float(((B @ S) * B).sum()), 0.0)
        self.size += float(((W_o @ S[:d, :d]) * W_o).sum())

    def number(self) -> float | None:
        """The drift ‖W K_e − W_o K‖/‖W_o K‖; None where nothing was preserved."""
        return ratio(self.moved, self.size)


def kept_sums(K: Tensor, K_e: Tensor) -> Statistics:
    """The sums that `Drift.add` takes, of features K (d, m) through the original and K_e through the edited encoder."""
    K, K_e = K.double(), K_e.double()
    stacked = K if torch.equal(K, K_e) else torch.cat([K, K_e - K])
    return Statistics(len(stacked)).update(stacked)


def ratio(part: float, whole: float) -> float | None:
    """The root of a ratio of two sums of squares; None where the whole is zero."""
    return (part / whole) ** 0.5 if whole > 0 else None
