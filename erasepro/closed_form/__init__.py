"""Linear algebra only: feature matrices in, a weight change out, always in float64."""

from .cost import Cost
from .hard import MOST_REST, POLICIES, ContradictionError, Solution, hard, share, shared_hard
from .incremental import add_columns, remove_columns
from .null_space import null_basis, null_space, projected, smallest_directions, without
from .pooled import least_squares_pooled, soft_pooled
from .select import Dropped, independent_columns
from .soft import shared_soft, soft
from .statistics import Statistics
from .update import DenseUpdate, LowRankUpdate, Update, compose, update_of

__all__ = [
    "MOST_REST",
    "POLICIES",
    "ContradictionError",
    "Cost",
    "DenseUpdate",
    "Dropped",
    "LowRankUpdate",
    "Solution",
    "Statistics",
    "Update",
    "add_columns",
    "compose",
    "hard",
    "independent_columns",
    "least_squares_pooled",
    "null_basis",
    "null_space",
    "projected",
    "remove_columns",
    "share",
    "shared_hard",
    "shared_soft",
    "smallest_directions",
    "soft",
    "soft_pooled",
    "update_of",
    "without",
]
