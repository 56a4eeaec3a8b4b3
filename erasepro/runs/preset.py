"""How a run's solver is called: the preset of ``conf/solver`` that it is, and what was changed in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from erasepro.config.paths import config_dir, filed_options, unfiled_solvers
from erasepro.config.plain_values import leaves
from erasepro.config.solver_settings import option_solver_settings
from erasepro.errors import UserError
from erasepro.solvers.registry import SOLVERS


def nearest_preset(solver: Mapping[str, Any], chosen: str = "") -> str:
    """The preset's name, and the keys in which the solver's settings differ from it (``uce_best preserve_scale=0.1``).

    Two solvers of different settings never have the same name, nor have two presets.

    Args:
        chosen: the option that the command chose; of several that are as near, it is the one that is named.
    """
    settings = leaves(solver)
    name, differences = settings["name"], [f"{key}={value}" for key, value in settings.items() if key != "name"]
    presets = _presets(config_dir(), settings["name"])
    for preset in sorted(presets, key=lambda preset: preset != chosen):
        known = presets[preset]
        changed = [f"{key}={value}" for key, value in settings.items() if key in known and known[key] != value]
        if len(changed) < len(differences):
            name, differences = preset, changed
    return " ".join([name, *differences])


def method_name(solver: Mapping[str, Any], strength: Any, chosen: str = "") -> str:
    """The solver as `nearest_preset` names it, and the strength of its edit where that is not the full one's."""
    partial = isinstance(strength, (int, float)) and strength != 1
    return nearest_preset(solver, chosen) + (f" strength={strength:g}" if partial else "")


def name_for_file(method: str) -> str:
    """A method's name as part of a folder's name: ``uce_best+ridge_7.0``, without blanks and without ``=``."""
    words = re.split(r" (?=[A-Za-z_][\w.]*=)", method)
    return "+".join(re.sub(r"[^A-Za-z0-9._-]+", "_", word).strip("_") for word in words)


@cache
def _presets(conf: Path, solver: str) -> dict[str, dict[str, Any]]:
    """The settings of every preset of a solver, by the preset's name; one that cannot be read is nobody's."""
    try:
        schema = SOLVERS.required_config(solver)
    except UserError:
        return {}
    files = {name: conf / "solver" / f"{name}.yaml" for name in filed_options("solver")}
    names = [name for name, file in files.items() if f"\nname: {solver}\n" in f"\n{file.read_text(encoding='utf-8')}\n"]
    names += [name for name in unfiled_solvers() if name == solver]
    presets = {}
    for name in names:
        try:
            presets[name] = option_solver_settings(name, schema)
        except UserError:
            continue  # who chooses it is told
    return presets
