"""Refusing a pipeline that carries an edit already, or that computes with other weights than it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.edit.record import TABLE
from erasepro.errors import UserError
from erasepro.models.computing import check_computing

if TYPE_CHECKING:
    from erasepro.models.base import Model


def check_pristine(model: Model) -> None:
    """Raise UserError when the pipeline carries an edit or cannot be read as it is: solvers start from the original weights."""
    held = getattr(model.pipe, TABLE, None)
    if held is not None:
        raise UserError(f"The pipeline carries edit {held['hash']}: revert it before solving for another.")
    check_computing(model.pipe)
