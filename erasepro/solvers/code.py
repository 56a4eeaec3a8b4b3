"""Which code a solver's edits come from: its version and a digest of its source."""

from __future__ import annotations

from erasepro.runtime.entry_digest import entry_digest
from erasepro.solvers.registry import SOLVERS

SOLVER_CODE = (
    "erasepro.solvers",
    "erasepro.linalg",
    "erasepro.schedules",
    "erasepro.models",
    "erasepro.prompts.fills",  # the names that are retained where none are given
)
"""Packages whose code decides an edit, beside the solver's own."""


def solver_code(name: str) -> dict[str, str]:
    """``solver_version``, which the solver states, and ``solver_source``, the digest of its module and of what that imports.

    Raises UserError for an unknown solver.
    """
    solver = SOLVERS.get(name)
    return {"solver_version": str(solver.version), "solver_source": entry_digest(solver, SOLVER_CODE)}
