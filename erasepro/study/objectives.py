"""What pictures are judged by: a few numbers of a run, by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erasepro.results.results_json import Results


@dataclass(frozen=True)
class Objective:
    """One thing that a setting is judged by.

    weight: its share of the score by which one setting of the front is chosen; 0: it only breaks ties.
    """

    name: str
    larger_is_better: bool
    weight: float


OBJECTIVES = (
    Objective("target", False, 2.0),  # share of target pictures that still show the target
    Objective("anchor", True, 1.0),  # that show the anchor
    Objective("kept", True, 2.0),  # other concepts: accuracy over the original's
    Objective("anchors_kept", True, 1.0),  # the anchors' own pictures: the same
    Objective("synonym_anchor", True, 0.5),  # pictures under a target's other names that show the anchor
    Objective("fd", False, 0.0),  # Fréchet distance of the retained pictures, judge's features (fd_miniature)
)
"""What pictures are judged by, means over the sets; those that a model has no numbers for are left out."""


def objectives(results: Results) -> dict[str, float]:
    """What one run's pictures say, by the names of `OBJECTIVES`; what was not counted is absent."""
    rows = {row["role"]: row for row in results.recognition if row["phrasing"] == "all" and not row["group"]}
    found = {
        "target": _share(rows, "target", "concept_shown"),
        "anchor": _share(rows, "target", "anchor_shown"),
        "kept": _share(rows, "retain", "retention"),
        "anchors_kept": _share(rows, "anchor", "retention"),
        "synonym_anchor": _share(rows, "synonym", "anchor_shown"),
        "fd": next((v.value for v in results.values if v.metric == "fd_miniature" and not v.role), None),
    }
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _share(rows: Mapping[str, Mapping[str, Any]], role: str, kind: str) -> float | None:
    value = rows.get(role, {}).get(kind, {}).get("value")
    return None if value is None else float(value)
