"""Certificates: what an edit does to a model's weights, recomputed from those weights and nothing else."""

from erasepro.edit.certificate.certify import FORMAT, certify
from erasepro.edit.certificate.compare import compare, compare_stated
from erasepro.edit.certificate.table import table

__all__ = ["FORMAT", "certify", "compare", "compare_stated", "table"]
