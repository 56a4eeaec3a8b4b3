"""Outcomes as they come back from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from erasepro.results.outcomes import Outcome, Share


def outcomes_of_json(stored: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """``report.Outcome`` objects from their JSON (null was nan)."""
    names = [f.name for f in fields(Outcome)]
    outcomes = []
    for record in stored:
        values = [record[name] for name in names]
        restored: list[Any] = [_share(value) if isinstance(value, Mapping) else value for value in values]
        outcomes.append(Outcome(*restored))
    return outcomes


def _share(node: Mapping[str, Any]) -> Share:
    value = node["value"]
    return Share(math.nan if value is None else value, node["n"], node["stderr"])
