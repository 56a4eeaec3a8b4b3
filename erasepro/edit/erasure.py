"""What runs, attacks and metrics need of an erasure, whether it changes weights or works while the model runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol


class Erasure(Protocol):
    """An `Edit`, or anything that erases concepts from a pipeline and can be taken off it again."""

    meta: dict[str, Any]
    """What it was made from: solver, config, model, concepts …; plain JSON."""

    @property
    def hash(self) -> str:
        """16 hex digits of what it does."""

    def applied(self, pipe: Any) -> AbstractContextManager[None]:
        """The pipeline is erased inside the block and as it was behind it."""

    def save(self, folder: str | Path) -> Path:
        """Write it to a folder, whole or not at all; returns the folder."""
