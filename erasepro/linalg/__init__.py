"""Linear algebra only: feature matrices in, a weight change out, in float64 unless a cost is given in another precision."""

from erasepro.linalg.cost import Cost
from erasepro.linalg.gram import Statistics
from erasepro.linalg.hard import (
    LARGEST_UNSELECTED_WEIGHT,
    POLICIES,
    ContradictionError,
    Solution,
    compose_with_weight,
    hard,
    hard_input_map,
)
from erasepro.linalg.incremental import add_columns, remove_columns
from erasepro.linalg.null_space import null_basis, null_space, orthogonal_complement_in, projected, smallest_directions
from erasepro.linalg.pooled import least_squares_pooled, soft_pooled
from erasepro.linalg.rounding import LARGEST_CHANGE, Rounded, in_float32, is_float32
from erasepro.linalg.select import Dropped, independent_columns
from erasepro.linalg.soft import soft, soft_input_map
from erasepro.linalg.update import DenseUpdate, LowRankUpdate, Update, compose, update_of

__all__ = [
    "LARGEST_CHANGE",
    "LARGEST_UNSELECTED_WEIGHT",
    "POLICIES",
    "ContradictionError",
    "Cost",
    "DenseUpdate",
    "Dropped",
    "LowRankUpdate",
    "Rounded",
    "Solution",
    "Statistics",
    "Update",
    "add_columns",
    "compose",
    "compose_with_weight",
    "hard",
    "hard_input_map",
    "in_float32",
    "independent_columns",
    "is_float32",
    "least_squares_pooled",
    "null_basis",
    "null_space",
    "orthogonal_complement_in",
    "projected",
    "remove_columns",
    "smallest_directions",
    "soft",
    "soft_input_map",
    "soft_pooled",
    "update_of",
]
