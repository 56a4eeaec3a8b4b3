"""A composed config as a run stores it: plain values by dotted key. No library of configs is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erasepro.config.plain_values import ABSENT, at, leaves, replaced

TEMPLATES = "templates"
"""The prompt set of a run that chose none: the project's own sentences."""


@dataclass(frozen=True)
class StoredConfig:
    """The whole of one run's settings, as they stand in ``config.yaml`` and ``results.json``.

    It is a record: signatures, protocol labels and tables read single keys of it, and nothing computes with it.
    """

    values: Mapping[str, Any]
    """Plain dicts, lists and scalars."""

    def at(self, key: str, missing: Any = None) -> Any:
        """The value at a dotted key; ``missing`` where there is none."""
        return at(self.values, key, missing)

    def __getitem__(self, key: str) -> Any:
        """The value at a dotted key. Raises KeyError where there is none."""
        value = self.at(key, ABSENT)
        if value is ABSENT:
            raise KeyError(key)
        return value

    def leaves(self) -> dict[str, Any]:
        """Every value by its dotted key."""
        return leaves(self.values)

    def replaced(self, changes: Mapping[str, Any]) -> StoredConfig:
        """The same with other values at some dotted keys."""
        values = self.values
        for key, value in changes.items():
            values = replaced(values, key, value)
        return StoredConfig(values)

    @property
    def prompt_sets(self) -> list[str]:
        """The prompt sets that were chosen, in that order; the project's own sentences where none was."""
        return list(self.values.get("prompts") or [TEMPLATES])
