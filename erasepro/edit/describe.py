"""An edit as a notebook shows it: what it erases, what was measured, and how much each weight changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.edit.meta import anchor_heading, pairs_of
from erasepro.runtime.html_table import html_table

if TYPE_CHECKING:
    from erasepro.edit.record import EditRecord

SHOWN = 12
"""Rows of a table; of the others it is said how many there are."""
MEASURED = {
    "selected": "exactly constrained columns",
    "all": "all fitting columns",
    "before": "all, before the edit",
}
"""Keys of `EditRecord.residuals`, as the table names them."""


def edit_html(edit: EditRecord) -> str:
    """Three tables: the pairs, the residuals where some are stated, and the weights."""
    pairs = [(target, anchor or "(empty)") for target, anchor in pairs_of(edit.meta)]
    model = edit.meta.get("model", {}).get("name", "an unknown model")
    head = f"Edit {edit.hash} · {edit.meta.get('solver', '?')} · {model} · strength {edit.strength:g}"
    parts = [html_table(head, ("erased", anchor_heading(edit.meta)), pairs[:SHOWN], _others(len(pairs), "pairs"))]
    residuals = [(words, f"{edit.residuals[key]:.2g}") for key, words in MEASURED.items() if key in edit.residuals]
    if residuals:
        note = "" if edit.residuals.get("exact", True) else "No column is held exactly."
        parts.append(html_table("Relative residual ‖WX − V‖/‖V‖, worst weight", ("columns", ""), residuals, note))
    size = {entry["site"]: entry.get("delta_norm") for entry in edit.diagnostics if "site" in entry}
    rows = [
        (site, " × ".join(map(str, update.shape)), update.rank, "–" if size.get(site) is None else f"{size[site]:.2g}")
        for site, update in edit.updates.items()
    ]
    header = ("weight", "shape", "rank ≤", "‖ΔW‖/‖W‖")
    return "".join([*parts, html_table("Weights", header, rows[:SHOWN], _others(len(rows), "weights"))])


def _others(number: int, what: str) -> str:
    return f"and {number - SHOWN} more {what}" if number > SHOWN else ""
