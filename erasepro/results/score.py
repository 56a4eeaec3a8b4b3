"""A metric's number with its n and standard error."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any


def restore_score(score: dict[str, Any]) -> Score:
    """A `Score` from its JSON value, where NaN is null. Raises TypeError for keys that it does not know."""

    def back(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: math.nan if key == "value" and value is None else back(value) for key, value in node.items()}
        return node

    return Score(**back(score))


@dataclass(frozen=True)
class Score:
    """A metric's result.

    Attributes:
        value: in the metric's own unit (``parts["unit"]`` where it is no share); NaN where nothing was counted.
        n: images (pairs of images, where the metric compares them) that the value is made of.
        stderr: one standard error, in the unit of the value; None where it is not known.
        parts: the same number by role and role/phrasing, and what else the metric counts.
    """

    name: str
    value: float  # nan where nothing was counted
    n: int
    stderr: float | None
    higher_is_better: bool
    parts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values, as they stand in ``results.json``."""
        return asdict(self)
