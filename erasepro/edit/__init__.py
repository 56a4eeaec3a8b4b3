"""Edits: what a solver returns, applied to and taken off a pipeline exactly."""

from erasepro.edit.edit import Edit
from erasepro.edit.erasure import Erasure
from erasepro.edit.record import EditRecord

__all__ = ["Edit", "EditRecord", "Erasure"]
