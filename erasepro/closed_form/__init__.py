"""Linear algebra only: feature matrices in, a weight change out, always in float64."""

from erasepro.closed_form.cost import Cost
from erasepro.closed_form.hard import MOST_REST, POLICIES, ContradictionError, Solution, hard, share, shared_hard
from erasepro.closed_form.incremental import add_columns, remove_columns
from erasepro.closed_form.null_space import null_basis, null_space, projected, smallest_directions, without
from erasepro.closed_form.pooled import least_squares_pooled, soft_pooled
from erasepro.closed_form.select import Dropped, independent_columns
from erasepro.closed_form.soft import shared_soft, soft
from erasepro.closed_form.statistics import Statistics
from erasepro.closed_form.update import DenseUpdate, LowRankUpdate, Update, compose, update_of

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
