"""Refusing a pipeline that carries an edit already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.edit.record import TABLE
from erasepro.errors import UserError

if TYPE_CHECKING:
    from erasepro.models.base import Model


def check_pristine(model: Model) -> None:
    """Raise UserError when the pipeline carries an edit: solvers start from the original weights."""
    held = getattr(model.pipe, TABLE, None)
    if held is not None:
        raise UserError(f"The pipeline carries edit {held['hash']}: revert it before solving for another.")
