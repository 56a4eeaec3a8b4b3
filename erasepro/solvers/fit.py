"""One site's solve, as configured: the cost, the constraints' hardness and the choice of columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from erasepro.closed_form import (
    POLICIES,
    ContradictionError,
    Cost,
    Solution,
    Statistics,
    hard,
    null_basis,
    null_space,
    projected,
    soft,
)
from erasepro.errors import UserError, unknown


@dataclass
class PreserveConfig:
    """C = ridge·I + scale·K Kᵀ: what the change is charged for."""

    kind: str = "gram"  # none (C = I) | ridge (C = ridge·I) | gram | null_space (what K spans is not changed at all)
    ridge: float = 0.003
    relative: bool = True  # ridge is a multiple of the mean eigenvalue of scale·K Kᵀ (gram only)
    scale: float = 1.0
    mean: bool = True  # K Kᵀ is divided by the total weight of its columns
    tokens: str = "all"  # columns of K in a caption: all | text (BOS to EOS) | words | last
    weights: str = "kind"  # count | caption | kind
    threshold: float = 0.01  # null_space: K spans the directions whose mean square is above this (see relative)
    captions: int | None = None  # at most so many captions; null: all


@dataclass
class FitConfig:
    """How constraints are met at a site."""

    residual: str = "hard"  # hard | soft
    mu: float = 1.0  # soft: weight of the constraints
    rank: str = "independent"  # hard: independent | exact | least_squares
    tau: float = 0.6  # hard: columns nearer than this to the span of the others are left out
    rest: float = 1.0  # hard: weight of the mean column left out, against the cost; 0: it is left to chance
    weights: str = "count"  # soft, least_squares: count (each column once) | concept (each concept once)
    preserve: PreserveConfig = field(default_factory=PreserveConfig)


def check_fit(cfg: FitConfig, where: str) -> None:
    """Raise UserError for a value out of range, before anything is computed."""
    for key, value, allowed in (
        ("residual", cfg.residual, ("hard", "soft")),
        ("rank", cfg.rank, POLICIES),
        ("weights", cfg.weights, ("count", "concept")),
        ("preserve.kind", cfg.preserve.kind, ("none", "ridge", "gram", "null_space")),
    ):
        if value not in allowed:
            raise unknown(f"solver.{where}.{key}", value, allowed)
    for key, number in (
        ("mu", cfg.mu),
        ("tau", cfg.tau),
        ("preserve.threshold", cfg.preserve.threshold),
    ):
        if not number > 0 or (key == "tau" and number >= 1):
            limit = "in (0, 1)" if key == "tau" else "positive"
            raise UserError(f"solver.{where}.{key} must be {limit}; got {number}.")
    for key, number in (
        ("rest", cfg.rest),
        ("preserve.scale", cfg.preserve.scale),
        ("preserve.ridge", cfg.preserve.ridge),
    ):
        if not number >= 0:
            raise UserError(f"solver.{where}.{key} must be 0 or more; got {number}.")


def fit(
    cfg: FitConfig, X: Tensor, R: Tensor, stats: Statistics | None, weights: Tensor | None, labels: Sequence[str]
) -> Solution:
    """ΔW for X (d_in, n), R (d_out, n), charged for what it does to the features in `stats` (None: nothing to preserve).

    Raises:
        UserError: a contradiction under rank=exact, naming the concepts, or a cost that cannot be built.
    """
    omega = weights if cfg.weights == "concept" else None
    rest = cfg.rest / X.shape[1]
    options: dict[str, Any] = {"policy": cfg.rank, "tau": cfg.tau, "rest": rest, "weights": omega, "labels": labels}
    kept = cfg.preserve
    try:
        if kept.kind == "null_space" and stats is not None and stats.total > 0:
            S = stats.xx / stats.total
            level = float(S.diagonal().mean()) if kept.relative else 1.0
            U = null_basis(S, kept.threshold * level)
            if cfg.residual == "soft":
                return projected(X, R, U, None, cfg.mu / kept.ridge, omega)
            return null_space(X, R, U, **options)
        C = _cost(kept, X.shape[0], stats, X.device)
        return soft(X, R, C, cfg.mu, omega) if cfg.residual == "soft" else hard(X, R, C, **options)
    except ContradictionError as error:
        raise UserError(str(error)) from error
    except ValueError as error:
        raise UserError(f"{error} (solver.*_fit)") from error


def _cost(cfg: PreserveConfig, d: int, stats: Statistics | None, device: torch.device) -> Cost:
    """C for a site with d_in = d. Without features to preserve it is the ridge alone."""
    if cfg.kind == "gram" and stats is not None and stats.total > 0:
        return Cost.from_statistics(stats, cfg.ridge, cfg.scale, cfg.mean, cfg.relative)
    return Cost.ridge(d, 1.0 if cfg.kind == "none" else cfg.ridge, device)


def check_finite(W: Tensor, name: str) -> None:
    """Raise UserError naming a weight that holds NaN or infinity."""
    if not bool(torch.isfinite(W).all()):
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
        {"column": labels[d.column], "like": labels[d.like], "distance": d.distance, "miss": d.miss}
        for d in solution.dropped[:limit]
    ]
