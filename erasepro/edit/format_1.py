"""edit.json of format 1, read as if it were of today's: the same facts under the names that they have now."""

from __future__ import annotations

from typing import Any

from erasepro.results.renamed_keys import rename_diagnostics, rename_edit_meta

FORMAT = 1


def read_format_1(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of an edit.json of format 1 under today's keys; what is not of its form is left for the reader to tell."""
    renamed = dict(facts)
    if isinstance(facts.get("meta"), dict):
        renamed["meta"] = rename_edit_meta(facts["meta"])
    diagnostics = facts.get("diagnostics")
    if isinstance(diagnostics, list) and all(isinstance(entry, dict) for entry in diagnostics):
        renamed["diagnostics"] = rename_diagnostics(diagnostics)
    return renamed
