"""Edits: what a solver returns, applied to and taken off a pipeline exactly."""

from erasepro.edit.edit import Edit
from erasepro.verification.test_prompt_residual import test_residual

__all__ = ["Edit", "test_residual"]
