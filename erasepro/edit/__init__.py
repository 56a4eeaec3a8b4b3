"""Edits: what a solver returns, applied to and taken off a pipeline exactly."""

from .edit import Edit
from .residual import test_residual

__all__ = ["Edit", "test_residual"]
