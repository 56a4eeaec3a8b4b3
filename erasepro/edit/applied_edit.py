"""What `Edit.apply` returns: an edit that is on a pipeline, and comes off behind a ``with`` block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from erasepro.edit.record import TABLE


class Revertible(Protocol):
    """An `Edit`."""

    def revert(self, pipe: Any) -> None:
        """Put the original bytes back."""


E = TypeVar("E", bound=Revertible)


@dataclass(frozen=True, repr=False)
class AppliedEdit(Generic[E]):
    """An edit on a pipeline. Nobody need keep it: ``edit.revert(pipe)`` takes the edit off as well."""

    edit: E
    pipe: Any

    def __enter__(self) -> E:
        return self.edit

    def __exit__(self, *failure: object) -> None:
        """Put the original bytes back, whatever happened in the block; nothing to do where the block did so.

        UserError where the block left another edit on the pipeline, or weights that it does not compute with.
        """
        if getattr(self.pipe, TABLE, None) is not None:
            self.edit.revert(self.pipe)

    def __repr__(self) -> str:
        return f"{self.edit!r} on a {type(self.pipe).__name__}: revert(pipe) takes it off"
