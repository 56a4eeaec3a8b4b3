"""Linear algebra only: feature matrices in, a weight change out, always in float64."""

from erasepro.linalg.cost import Cost
from erasepro.linalg.gram import Statistics
from erasepro.linalg.hard import MOST_REST, POLICIES, ContradictionError, Solution, hard, share, shared_hard
from erasepro.linalg.incremental import add_columns, remove_columns
from erasepro.linalg.null_space import null_basis, null_space, projected, smallest_directions, without
from erasepro.linalg.pooled import least_squares_pooled, soft_pooled
from erasepro.linalg.select import Dropped, independent_columns
from erasepro.linalg.soft import shared_soft, soft
from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update, compose, update_of

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
