"""Certificates: what an edit does to a model's weights, recomputed from those weights and nothing else."""

from erasepro.verification.certify import FORMAT, certify
from erasepro.verification.compare import compare, compare_stated
from erasepro.verification.table import table

__all__ = ["FORMAT", "certify", "compare", "compare_stated", "table"]
