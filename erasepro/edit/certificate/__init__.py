"""Certificates: what an edit does to a model's weights, recomputed from those weights and nothing else."""

from .certify import FORMAT, certify
from .compare import compare, compare_stated
from .table import table

__all__ = ["FORMAT", "certify", "compare", "compare_stated", "table"]
