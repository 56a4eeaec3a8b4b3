"""Which file holds which verb."""

from __future__ import annotations

VERBS = {
    "ls": "erasepro.cli.ls",
    "edit": "erasepro.cli.edit",
    "score": "erasepro.cli.score",
    "rerun": "erasepro.cli.rerun",
    "status": "erasepro.cli.status",
    "report": "erasepro.cli.report",
    "grid": "erasepro.cli.grid",
    "verify": "erasepro.cli.verify",
    "export": "erasepro.cli.export",
    "study": "erasepro.cli.study",
    "work": "erasepro.cli.work",
    "page": "erasepro.cli.page",
    "tune": "erasepro.cli.tune",
    "completion": "erasepro.cli.completion",
    "help": "erasepro.cli.help",
}
"""The module of each verb; its function ``command(words) -> exit status`` is imported when the verb is used."""
HEAVY = ("score", "verify", "export")
"""Verbs whose modules import libraries that take seconds."""
