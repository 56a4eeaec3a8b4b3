"""A metric's number with its n and standard error."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any


def restored(score: dict[str, Any]) -> Score:
    """A ``metrics.Score`` from its JSON, where NaN is null."""

    def back(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: math.nan if key == "value" and value is None else back(value) for key, value in node.items()}
        return node

    return Score(**back(score))


@dataclass(frozen=True)
class Score:
    """A metric's result. ``parts`` holds the same number by role and phrasing, or what else the metric counts."""

    name: str
    value: float  # nan where nothing was counted
    n: int
    stderr: float | None
    higher_is_better: bool
    parts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
