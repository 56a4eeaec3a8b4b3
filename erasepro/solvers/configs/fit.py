"""How constraints are met at a site, and what a change is charged for: settings of the superset."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from erasepro.errors import UserError, unknown

RANKS = ("independent", "exact", "least_squares")
"""What may become of columns that depend on others: the policies of `linalg.hard`."""
HOLDS = ("columns", "names")
"""Which columns may be held exactly."""
LARGEST_UNSELECTED_WEIGHT = 1e6
"""That of `linalg.hard`."""


@dataclass
class PreserveConfig:
    """C = ridge·I + scale·K Kᵀ: what the change is charged for."""

    kind: str = "gram"  # none (C = I) | ridge (C = ridge·I) | gram | null_space (what K spans is not changed at all)
    ridge: float = 1e-4
    relative: bool = True  # ridge is a multiple of the mean eigenvalue of scale·K Kᵀ (gram only)
    scale: float = 1.0
    mean: bool = True  # K Kᵀ is divided by the total weight of its columns
    tokens: str = "text"  # columns of K in a caption: all | text (BOS to EOS, no paddings) | words | last
    weights: str = "kind"  # count | caption | kind
    threshold: float = 0.01  # null_space: K spans the directions whose mean square is above this (see relative)
    captions: int | None = None  # at most so many captions; null: all


@dataclass
class FitConfig:
    """How constraints are met at a site."""

    residual: str = "hard"  # hard | soft
    mu: float = 1.0  # soft: weight of the constraints
    rank: str = "independent"  # hard: independent | exact | least_squares
    # hard: which columns may be held exactly. columns (all) | names (each concept's shortest sentence: its name alone)
    hold: str = "names"
    # independent: columns nearer than this (τ) to the span of the others are left out (exact: 1e-4 at most)
    independence_threshold: float = 0.9
    # hard: weight of the mean column that is not held, against the cost; 0: it is left to chance. With hold=names it is that
    # of one concept, and √c times as much of c concepts: chosen on development sets of 1 to 30
    unselected_weight: float = 0.07
    # hard: ΔW writes into at most so many output directions a concept, or those that held columns need; null: any number. It
    # limits what fits the columns that are not held, and with it what an edit weighs: 16 cost nothing on development sets
    reduced_rank: int | None = 16
    weights: str = "count"  # soft, least_squares: count (each column once) | concept (each concept once)
    solve_dtype: str = "float64"  # precision of the solve: float64 | float32 (to see what that costs)
    preserve: PreserveConfig = field(default_factory=PreserveConfig)

    @property
    def holds_names(self) -> bool:
        """Whether columns are held exactly, and of names alone."""
        return self.hold == "names" and self.residual == "hard" and self.rank != "least_squares"


def check_fit(config: FitConfig, where: str) -> None:
    """Raise UserError for a value out of range, before anything is computed."""
    for key, value, allowed in (
        ("residual", config.residual, ("hard", "soft")),
        ("rank", config.rank, RANKS),
        ("hold", config.hold, HOLDS),
        ("weights", config.weights, ("count", "concept")),
        ("solve_dtype", config.solve_dtype, ("float64", "float32")),
        ("preserve.kind", config.preserve.kind, ("none", "ridge", "gram", "null_space")),
    ):
        if value not in allowed:
            raise unknown(f"solver.{where}.{key}", value, allowed)
    for key, number in (
        ("mu", config.mu),
        ("independence_threshold", config.independence_threshold),
        ("preserve.threshold", config.preserve.threshold),
    ):
        if not 0 < number < math.inf or (key == "independence_threshold" and number >= 1):
            limit = "in (0, 1)" if key == "independence_threshold" else "positive and finite"
            raise UserError(f"solver.{where}.{key} must be {limit}; got {number}.")
    for key, number in (
        ("unselected_weight", config.unselected_weight),
        ("preserve.scale", config.preserve.scale),
        ("preserve.ridge", config.preserve.ridge),
    ):
        if not 0 <= number < math.inf:
            raise UserError(f"solver.{where}.{key} must be 0 or more and finite; got {number}.")
    if config.unselected_weight > LARGEST_UNSELECTED_WEIGHT:
        raise UserError(
            f"solver.{where}.unselected_weight must be at most {LARGEST_UNSELECTED_WEIGHT:g} "
            f"(beyond it nothing is held exactly); got {config.unselected_weight}."
        )
    if config.reduced_rank is not None and config.reduced_rank < 1:
        raise UserError(f"solver.{where}.reduced_rank must be 1 or more, or null for any; got {config.reduced_rank}.")
    preserve = config.preserve
    if preserve.captions is not None and preserve.captions < 1:
        raise UserError(
            f"solver.{where}.preserve.captions must be 1 or more, or null for all; got {preserve.captions}."
        )
    if preserve.kind == "null_space" and config.solve_dtype != "float64":
        raise UserError(f"solver.{where}: the solve in the null space is in float64; solve_dtype={config.solve_dtype} is not.")
    if preserve.kind == "null_space" and config.residual == "soft" and preserve.ridge == 0:
        raise UserError(f"solver.{where}: the soft solve in the null space needs preserve.ridge > 0.")
