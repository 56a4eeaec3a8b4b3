"""One site's solve, as configured: the cost, the constraints' hardness and the choice of columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.linalg import (
    Cost,
    Solution,
    Statistics,
    hard,
    least_squares_pooled,
    null_basis,
    null_space,
    projected,
    soft,
    soft_pooled,
)
from erasepro.models.features.columns import PairColumns
from erasepro.solvers.configs.fit import FitConfig, PreserveConfig

SAME = 1e-4  # exact: columns nearer than this to the span of the others depend on them
CUT = 1e-6  # least squares: singular values of L⁻¹X below this share of the largest are cut


@dataclass(frozen=True)
class Fit:
    """One site's solve as configured, for columns of these weights (ω) and names.

    More columns than dimensions cannot all hold. With nothing that fits the ones left out (unselected_weight = 0),
    rank=independent then means least_squares; that and the soft solve need only sums, so no column is held.
    """

    config: FitConfig
    weights: Tensor
    labels: Sequence[str]
    names: Tensor | None = None
    """(h,) numbers of the columns that hold=names may hold; None: all."""
    averaged: Tensor | None = None
    """(n, c) with columns that sum to 1: the soft solve is then for X·averaged and R·averaged, one column a concept."""

    @classmethod
    def of(cls, config: FitConfig, columns: PairColumns, average: bool = False) -> Fit:
        """The solve for these columns; `average`: for the mean column of each concept."""
        averaged = columns.averages() if average else None
        return cls(config, columns.per_concept(), columns.labels, columns.names, averaged)

    def solve(self, X: Tensor, R: Tensor, retained: Statistics | None) -> Solution:
        """ΔW for X (d_in, n), R (d_out, n), charged for what it does to the retained features.

        Raises:
            UserError: a contradiction under rank=exact, naming the concepts, or a cost that cannot be built.
        """
        if self.averaged is not None:
            A = self.averaged.to(X)  # (n, c)
            one_each = Fit(self.config, A.new_ones(A.shape[1]), [""] * A.shape[1])
            return replace(one_each.solve(X @ A, R @ A.to(R), retained), selected=torch.arange(len(A)))
        config = self.config
        omega = self.weights if config.weights == "concept" else None
        policy = "least_squares" if self._exceeds(len(X)) else config.rank
        threshold = config.independence_threshold
        tau = {"least_squares": CUT, "exact": min(threshold, SAME)}.get(policy, threshold)
        options: dict[str, Any] = {
            "policy": policy, "tau": tau, "candidates": self.names if config.hold == "names" else None,
            "unselected_weight": self._unselected_weight / X.shape[1], "weights": omega, "labels": self.labels,
            "max_rank": self._max_rank,
        }  # fmt: skip
        try:
            if config.preserve.kind == "null_space" and retained is not None and retained.total > 0:
                U = self._null_basis(retained)
                if config.residual == "soft":
                    return projected(X, R, U, None, config.mu / config.preserve.ridge, omega)
                return null_space(X, R, U, **options)
            C = _cost(config.preserve, X.shape[0], retained, X.device).in_precision(getattr(torch, config.solve_dtype))
            return soft(X, R, C, config.mu, omega) if config.residual == "soft" else hard(X, R, C, **options)
        except ValueError as error:  # a contradiction too
            raise UserError(str(error)) from error

    def solve_from_sums(self, sums: Statistics, retained: Statistics | None) -> Solution:
        """The same solve from the sums of X with partners R. UserError as `solve`."""
        try:
            C = _cost(self.config.preserve, len(sums.xx), retained, sums.xx.device)
            soften = self.config.residual == "soft"
            update = soft_pooled(sums, C, self.config.mu) if soften else least_squares_pooled(sums, C, CUT)
        except ValueError as error:
            raise UserError(str(error)) from error
        return Solution(update, torch.arange(sums.count), (), math.nan, exact=False)

    def sums_suffice(self, d_in: int) -> bool:
        """Whether sums serve as well as the columns: more of them than dimensions, in a solve that takes them all."""
        config = self.config
        takes_all = config.residual == "soft" or config.rank == "least_squares" or self._exceeds(d_in)
        more = len(self.labels) > d_in
        return (
            more
            and takes_all
            and self.averaged is None
            and config.weights == "count"
            and config.solve_dtype == "float64"
            and config.preserve.kind != "null_space"
        )

    @property
    def _max_rank(self) -> int | None:
        """How many output directions a change may have, for all concepts."""
        each = self.config.reduced_rank
        return None if each is None else each * max(1, round(self._concepts))

    @property
    def _unselected_weight(self) -> float:
        """That of the mean column, in a set of so many concepts."""
        return self.config.unselected_weight * (self._concepts**0.5 if self.config.hold == "names" else 1.0)

    @property
    def _concepts(self) -> float:
        """How many concepts the columns are of: each one's weights sum to 1."""
        return float(self.weights.sum())

    def _exceeds(self, d_in: int) -> bool:
        """Whether the columns are too many to hold, and nothing fits those that are left out."""
        config = self.config
        exact = config.residual == "hard" and config.rank == "independent" and config.unselected_weight == 0
        names = self.names if config.hold == "names" else None
        return exact and (len(self.labels) if names is None else len(names)) > d_in

    def _null_basis(self, retained: Statistics) -> Tensor:
        S = retained.xx / retained.total
        level = float(S.diagonal().mean()) if self.config.preserve.relative else 1.0
        return null_basis(S, self.config.preserve.threshold * level)


def _cost(config: PreserveConfig, d: int, stats: Statistics | None, device: torch.device) -> Cost:
    """C for a site with d_in = d. Without features to preserve it is the ridge alone."""
    if config.kind == "gram" and stats is not None and stats.total > 0:
        return Cost.from_statistics(stats, config.ridge, config.scale, config.mean, config.relative)
    return Cost.ridge(d, 1.0 if config.kind == "none" else config.ridge, device)


def check_finite(W: Tensor, name: str) -> None:
    """Raise UserError naming a weight that holds NaN or infinity."""
    if not bool(torch.isfinite(W.sum())):  # a NaN or infinity does not vanish in a sum
        raise UserError(f"The weight '{name}' holds NaN or infinity: load the model again, or from another source.")


def finite(number: float) -> float | None:
    """The number, or None where it is not finite (JSON knows no infinity)."""
    return number if math.isfinite(number) else None


def share_left(WX: Tensor, V: Tensor) -> float:
    """‖WX − V‖_F / ‖V‖_F."""
    size = float(V.norm())
    return float((WX - V).norm()) / size if size > 0 else float((WX - V).norm())


def worst_dropped(solution: Solution, labels: Sequence[str], limit: int = 3) -> list[dict[str, object]]:
    """The columns left out that miss their target most, named."""
    return [
        {
            "column": labels[d.column],
            "nearest_column": labels[d.nearest_column],
            "distance": d.distance,
            "violation": d.violation,
        }
        for d in solution.dropped[:limit]
    ]
