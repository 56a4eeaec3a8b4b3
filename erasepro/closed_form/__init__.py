"""Linear algebra only: feature matrices in, a low-rank weight change out, always in float64."""

from .cost import Cost, Gram
from .hard import POLICIES, ContradictionError, Solution, hard, share, shared_hard
from .select import Dropped, independent_columns
from .soft import shared_soft, soft
from .update import LowRankUpdate

__all__ = [
    "POLICIES",
    "ContradictionError",
    "Cost",
    "Dropped",
    "Gram",
    "LowRankUpdate",
    "Solution",
    "hard",
    "independent_columns",
    "share",
    "shared_hard",
    "shared_soft",
    "soft",
]
