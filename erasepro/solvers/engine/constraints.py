"""What a site's change must do, ΔW X = R: its columns, or only their sums where those serve as well.

Shapes: W_o (d_out, d_in), X (d_in, n) features entering the site, R (d_out, n) wanted changes of its outputs, V = W_o X + R.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from erasepro.linalg import Solution, Statistics
from erasepro.solvers.engine.fit import Fit, share_left

BLOCK = 1024  # columns summed at a time


class Constraints(Protocol):
    """ΔW X = R at one site, collected group by group."""

    grouped: bool
    """Whether groups of columns may be handed in one after the other; else all of them at once."""

    def add(self, X: Tensor, R: Tensor) -> None:
        """Add columns X (d_in, m) with the changes R (d_out, m) that they ask for."""

    def solve(self, fit: Fit, retained: Statistics | None) -> Solution:
        """ΔW as `fit` is configured, charged for what it does to the retained features. UserError as `Fit`."""

    def residuals(self, W: Tensor, selected: Tensor) -> dict[str, float]:
        """‖WX − V‖/‖V‖ of an edited weight W: before the edit, after it over the selected columns and over all."""


class ColumnConstraints:
    """All columns, held at once."""

    grouped = False

    def __init__(self, W_o: Tensor) -> None:
        self.W_o = W_o

    def add(self, X: Tensor, R: Tensor) -> None:
        self.X, self.R = X, R

    def solve(self, fit: Fit, retained: Statistics | None) -> Solution:
        return fit.solve(self.X, self.R, retained)

    def residuals(self, W: Tensor, selected: Tensor) -> dict[str, float]:
        V, WX = self.W_o @ self.X + self.R, W @ self.X
        return {
            "residual_before": share_left(V - self.R, V),
            "residual_after_selected": share_left(WX[:, selected], V[:, selected]),
            "residual_after_all": share_left(WX, V),
        }


class SummedConstraints:
    """The sums X Xᵀ and R Xᵀ alone: no column is held."""

    grouped = True

    def __init__(self, W_o: Tensor) -> None:
        self.W_o = W_o
        self.sums = Statistics(W_o.shape[1], len(W_o))
        self._size = 0.0  # ‖V‖²

    def add(self, X: Tensor, R: Tensor) -> None:
        self.sums.update(X, R)
        self._size += float((self.W_o @ X + R).pow(2).sum())

    def solve(self, fit: Fit, retained: Statistics | None) -> Solution:
        return fit.solve_from_sums(self.sums, retained)

    def residuals(self, W: Tensor, selected: Tensor) -> dict[str, float]:
        size = self._size**0.5
        after, before = self.sums.residual_norm((W - self.W_o).double()) / size, self.sums.yy**0.5 / size
        return {"residual_before": before, "residual_after_selected": after, "residual_after_all": after}


def collect_constraints(fit: Fit, W_o: Tensor) -> Constraints:
    """An empty collection for the columns of `fit` at a weight W_o (d_out, d_in)."""
    return SummedConstraints(W_o) if fit.sums_suffice(W_o.shape[1]) else ColumnConstraints(W_o)


def solve_input_map(fit: Fit, X: Tensor, Y: Tensor, retained: Statistics | None) -> Solution:
    """D (d, d) with D X = Y − X, so that W_o (I + D) maps X (d, n) where W_o maps Y, for every W_o that reads them.

    D = (Y − X) G⁺ Xᵀ C⁻¹ with G = Xᵀ C⁻¹ X where it is solved exactly. Raises UserError as `Fit.solve`.
    """
    d = len(X)
    if not fit.sums_suffice(d):
        return fit.solve(X.double(), Y.double() - X.double(), retained)
    sums = Statistics(d, d)
    for x, y in zip(X.split(BLOCK, dim=1), Y.split(BLOCK, dim=1), strict=True):
        sums.update(x, y.double() - x.double())
    return fit.solve_from_sums(sums, retained)


def round_weight(W: Tensor, dtype: torch.dtype) -> Tensor:
    """W in the precision that it will be applied in, kept in the precision of the pass."""
    return W.to(dtype).to(W.dtype)
