"""How much each layer was changed, and a caution where an edit does little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.models.kinds import TEXT_KINDS
from erasepro.report.cells import format_number
from erasepro.report.table import Table
from erasepro.results.edit_residuals import is_fitted

DISTANCE = "distance to anchor, hidden state"

LITTLE = 0.8  # an edit that leaves more than this share of the residual is doubted


def ineffective_edit_warning(after: float | None, before: float | None, what: str) -> str:
    """A word of caution where an edit brings features little nearer to the anchors'; "" where it does."""
    if after is None or before is None or not after > LITTLE * before:
        return ""
    return (
        f"CAUTION: the edit brings {what} little or no nearer to their anchors ({before:.2g} in the original model, "
        f"{after:.2g} in the edited one). Concepts that contradict each other, or words that the text encoder does not know, "
        "do that."
    )


FAR = 3.0  # held-out drift beyond this multiple of the preserved sentences' is told
FELT = 0.05  # drift below which no picture changes


def held_out_warnings(residuals: Mapping[str, Any]) -> list[str]:
    """Words of caution where an edit does less, or breaks more, on sentences that were held out than on its own."""
    held = residuals.get("held_out") or {}
    told = []
    if is_fitted(residuals):
        what = "held-out sentences about the targets"
        told.append(ineffective_edit_warning(held.get("residual"), held.get("residual_before"), what))
    drift, own = held.get("drift"), held.get("drift_preserved")
    if drift is not None and drift > FELT and drift > FAR * (own or 0.0):
        beside = "and preserves none" if own is None else f"far more than those that it does ({own:.2g})"
        told.append(
            f"CAUTION: the edit moves sentences that it does not preserve ({drift:.2g} of their size), {beside}: other "
            "concepts may be broken. Preserve more: templates.preserve_source=[vocabulary], a larger templates.preserve_count, "
            "or name them in concepts.preserve."
        )
    return [line for line in told if line]


def layer_table(diagnostics: Sequence[Mapping[str, Any]]) -> list[Table]:
    """‖ΔW‖/‖W‖: one row a text-encoder layer or embedder; what there is many of (keys and values) as a mean."""
    rows = []
    many: dict[str, list[Mapping[str, Any]]] = {}
    encoders = {entry["site"].split(".")[0] for entry in diagnostics if entry["kind"] in TEXT_KINDS}
    for entry in diagnostics:
        if "depth" not in entry:  # trained: hundreds of layers
            many.setdefault(entry["kind"], []).append(entry)
            continue
        if "attn2" in entry["kind"]:
            many.setdefault("keys and values", []).append(entry)
            continue
        where = f"{entry['site'].split('.')[0]} " if len(encoders) > 1 else ""
        text = entry["kind"] in TEXT_KINDS
        name = f"{where}block {entry['depth'] + 1} {entry['kind']}" if text else entry["site"].partition(".")[2]
        numbers = (format_number(entry.get(k), "{:.3g}") for k in ("delta_norm", "gap"))
        rows.append((name, format_number(entry["rank"], "{}"), *numbers))
    for what, entries in many.items():
        norms = [entry["delta_norm"] for entry in entries if entry["delta_norm"] is not None]
        mean = sum(norms) / len(norms) if norms else None
        name, rank = f"{what} ({len(entries)}, mean)", max(entry["rank"] for entry in entries)
        numbers = (format_number(value, "{:.3g}") for value in (mean, entries[0].get("gap")))
        rows.append((name, format_number(rank, "{}"), *numbers))
    header = ("layer", "rank", "‖ΔW‖/‖W‖", DISTANCE)
    note = (
        "rank: columns stored of the low-rank change. distance to anchor: how far the target prompts' hidden state in the "
        "edited model is from the anchor prompts' in the original, after the layer, at the paired tokens; over the latter's "
        "size."
    )
    return [Table("Size of the change by layer", header, tuple(rows), note)] if rows else []
