"""A solver from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erasepro.config.typed_dataclass import from_mapping
from erasepro.errors import UserError
from erasepro.results.renamed_keys import with_values_of_then
from erasepro.solvers.base import Solver
from erasepro.solvers.registry import SOLVERS


def make_solver(solver: Any, options: Mapping[str, Any] | None = None) -> Solver[Any]:
    """The solver of that name with these options; keys left out keep their defaults.

    Args:
        solver: a registered name (``"uce"``), or a config dataclass, whose ``name`` it is.
        options: plain values by key, groups as mappings; ``name`` may stand among them where it says the same.

    Raises:
        UserError: unknown solver, unknown key or a value of the wrong type, with the allowed ones.
    """
    if not isinstance(solver, str):
        name = getattr(solver, "name", None)
        if not isinstance(name, str):
            raise UserError(f"A solver is named, for example 'uce', or given as its config; got {solver!r}.")
        kind, schema = SOLVERS.get(name), SOLVERS.required_config(name)
        if not isinstance(solver, schema) or options:
            raise UserError(f"The config of solver {name!r} is a {schema.__name__} alone; got {solver!r}.")
        return kind(solver)
    kind, values = SOLVERS.get(solver), dict(options or {})
    if values.get("name", solver) != solver:
        raise UserError(f"The options are those of solver {values['name']!r}, not of {solver!r}: leave 'name' out.")
    return kind(from_mapping(SOLVERS.required_config(solver), values | {"name": solver}, "solver", f"solver {solver!r}"))


def stored_solver(meta: Mapping[str, Any]) -> Solver[Any]:
    """The solver that an edit was made with, by the edit's meta data. UserError as `make_solver`."""
    return make_solver(meta["config"]["name"], with_values_of_then(meta["config"], meta["concepts"]["kind"]))
