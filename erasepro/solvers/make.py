"""A solver from its settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from erasepro.errors import UserError, unknown
from erasepro.solvers.base import Solver
from erasepro.solvers.registry import SOLVERS


def make_solver(cfg: Any) -> Solver:
    """The solver named by cfg.name, from a dataclass, a mapping or a DictConfig; keys left out keep their defaults.

    Raises:
        UserError: unknown solver, unknown key or a value of the wrong type, with the allowed ones.
    """
    if dataclasses.is_dataclass(cfg):
        return SOLVERS.get(getattr(cfg, "name", "erasepro"))(cfg)
    given = OmegaConf.to_container(cfg, resolve=True) if isinstance(cfg, DictConfig) else dict(cfg)
    assert isinstance(given, Mapping)
    kind = SOLVERS.get(str(given.get("name")))
    try:
        merged = OmegaConf.merge(OmegaConf.structured(kind.config), given)
        return kind(OmegaConf.to_object(merged))
    except OmegaConfBaseException as error:
        if error.key is None:  # a merge of whole groups failed: omegaconf does not say which
            _check_groups(kind.config, given)
        key = str(error.full_key or error.key)
        fields = [f.name for f in dataclasses.fields(kind.config)]
        if error.key is not None and key not in fields and "." not in key:
            raise unknown(f"key of solver '{given.get('name')}'", key, fields) from error
        raise UserError(f"solver.{key}: {error.msg or str(error)}".splitlines()[0]) from error


def _check_groups(config: type, given: Mapping[Any, Any]) -> None:
    """Raise UserError for a plain value in the place of a group of settings."""
    for key, default in OmegaConf.structured(config).items():
        value = given.get(key, {})
        plain = not isinstance(value, (Mapping, type(None))) and not dataclasses.is_dataclass(value)
        if isinstance(default, DictConfig) and plain:
            first = next(iter(default))
            raise UserError(
                f"Bad value for 'solver.{key}': got {value!r}, expected settings such as {{{first!r}: {default[first]!r}}}; "
                f"its keys: {', '.join(map(str, default))}."
            )
