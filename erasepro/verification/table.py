"""A certificate as a table to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erasepro.errors import visible
from erasepro.report.table import Table

EXACT = "exactly constrained columns"
HEADER = ("weight", "columns", EXACT, "original", "edited", f"edited, {EXACT}", "drift", "‖ΔW‖/‖W‖")
NOTE = (
    "original, edited: ‖WX − W_oY‖/‖W_oY‖ over all columns of the sentences that the edit was built from, X through the edited "
    "text encoder; read the residual over the exactly constrained columns with their number. drift: ‖W K_e − W_oK‖/‖W_oK‖ "
    "on the preserved sentences. A text layer that was asked for a hidden state, not for its own output, may be far from the "
    "latter: see the gap. gap: ‖A_x − A_y‖/‖A_y‖ of the hidden states. –: not known or nothing to measure."
)


def table(certificate: Mapping[str, Any]) -> str:
    """The certificate as text: a row a weight, one for all that reads the text, end to end, and the gaps of the text layers."""
    edit, model = certificate["edit"], certificate["model"]
    rows = [_cells(row["site"], row) for row in certificate["sites"]]
    rows.append(_cells("what reads the text, end to end", certificate["end_to_end"]))
    pairs = ", ".join(f"{target} → {anchor or '(empty)'}" for target, anchor in edit["pairs"][:3]) or "concepts unknown"
    more = f" and {len(edit['pairs']) - 3} more" if len(edit["pairs"]) > 3 else ""
    title = f"Edit {edit['hash']} ({edit['solver']}: {pairs}{more}), strength {edit['strength']:g}, on {model['name']}"
    parts = [Table(title, HEADER, tuple(rows), NOTE).text()]
    gaps = [
        (f"{gap['encoder']} {gap['layer']}", _number(gap["before"]), _number(gap["after"]))
        for leaf in certificate["gaps"]
        for gap in leaf
    ]
    if gaps:
        parts.append(Table("Hidden-state gap", ("text layer", "original", "edited"), tuple(gaps)).text())
    return "\n".join([*parts, *(f"Not measured: {visible(reason)}.\n" for reason in certificate["unmeasured"])])


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    selected, columns = row["selected"], row["columns"]
    share = "–" if selected is None or not columns else f"{selected} ({selected / columns:.0%})"
    keys = ("residual_before", "residual_after", "residual_selected", "drift", "delta_norm")
    return (name, str(columns), share, *(_number(row.get(key)) for key in keys))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2e}"
