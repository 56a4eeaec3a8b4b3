"""One site's solve, as configured: the cost, the constraints' hardness and the choice of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from erasepro.closed_form import POLICIES, ContradictionError, Cost, Solution, Statistics, hard, soft
from erasepro.errors import UserError, unknown


@dataclass
class PreserveConfig:
    """C = ridge·I + scale·K Kᵀ: what the change is charged for."""

    kind: str = "gram"  # none (C = I) | ridge (C = ridge·I) | gram
    ridge: float = 0.003
    relative: bool = True  # ridge is a multiple of the mean eigenvalue of scale·K Kᵀ (gram only)
    scale: float = 1.0
    mean: bool = True  # K Kᵀ is divided by the total weight of its columns
    tokens: str = "all"  # columns of K in a caption: all | text (BOS to EOS) | words | last
    weights: str = "kind"  # count | caption | kind
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
        ("preserve.kind", cfg.preserve.kind, ("none", "ridge", "gram")),
    ):
        if value not in allowed:
            raise unknown(f"solver.{where}.{key}", value, allowed)
    for key, number in (("mu", cfg.mu), ("tau", cfg.tau), ("preserve.ridge", cfg.preserve.ridge)):
        if not number > 0 or (key == "tau" and number >= 1):
            limit = "in (0, 1)" if key == "tau" else "positive"
            raise UserError(f"solver.{where}.{key} must be {limit}; got {number}.")
    for key, number in (("rest", cfg.rest), ("preserve.scale", cfg.preserve.scale)):
        if number < 0:
            raise UserError(f"solver.{where}.{key} must be 0 or more; got {number}.")


def cost(cfg: PreserveConfig, d: int, gram: Statistics | None, device: torch.device) -> Cost:
    """C for a site with d_in = d. Without features to preserve (gram None or empty) it is the ridge alone."""
    if cfg.kind == "gram" and gram is not None and gram.total > 0:
        return Cost.from_statistics(gram, cfg.ridge, cfg.scale, cfg.mean, cfg.relative)
    return Cost.ridge(d, 1.0 if cfg.kind == "none" else cfg.ridge, device)


def fit(cfg: FitConfig, X: Tensor, R: Tensor, C: Cost, weights: Tensor | None, labels: Sequence[str]) -> Solution:
    """ΔW for X (d_in, n), R (d_out, n). A contradiction under rank=exact becomes a UserError naming the concepts."""
    omega = weights if cfg.weights == "concept" else None
    if cfg.residual == "soft":
        return soft(X, R, C, cfg.mu, omega)
    try:
        return hard(X, R, C, policy=cfg.rank, tau=cfg.tau, rest=cfg.rest / X.shape[1], weights=omega, labels=labels)
    except ContradictionError as error:
        raise UserError(str(error)) from error


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
