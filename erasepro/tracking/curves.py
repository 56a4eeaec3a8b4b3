"""The residuals of an edit's sites as curves over the layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

AXIS = "place"
MEASURES = {
    "residual_before": "residual_before",  # ‖W_o X − V‖/‖V‖ over all build columns
    "residual": "residual_after_all",  # ‖WX − V‖/‖V‖ over the same, after the edit
    "residual_selected": "residual_after_selected",  # over those that the edit was asked to hold
    "delta_norm": "delta_norm",  # ‖ΔW‖/‖W_o‖
}
"""A curve's name → its key in ``Edit.diagnostics``."""


def layer_curves(diagnostics: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """One curve a kind of site and measure: ``{"place": 3, "mlp_fc2/residual": 0.21, …}`` a place on the axis, in order.

    A site's place is its ``depth``, counted from 0 through the text encoder and on through the denoiser; where two sites of
    one curve share a depth, all of that curve are numbered by their order. Several text encoders have curves of their own.
    What is not a number is left out.
    """
    kinds: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    encoders: dict[str, set[str]] = defaultdict(set)
    for entry in diagnostics:
        encoders[entry.get("kind", "")].add(entry["site"].partition(".")[0])
    for entry in diagnostics:
        kind, where = entry.get("kind", ""), entry["site"].partition(".")[0]
        label = kind.replace(".", "_") or "sites"  # W&B reads a dot in a name as nesting
        kinds[f"{where}_{label}" if len(encoders[kind]) > 1 else label].append(entry)
    points: dict[int, dict[str, float]] = defaultdict(dict)
    for name, entries in kinds.items():
        depths = [entry.get("depth") for entry in entries]
        own = len(set(depths)) == len(depths) and None not in depths
        for i, entry in enumerate(entries):
            values = {f"{name}/{label}": entry.get(key) for label, key in MEASURES.items()}
            numbers = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
            points[int(entry["depth"]) if own else i] |= numbers
    return [{AXIS: float(place), **points[place]} for place in sorted(points) if points[place]]
