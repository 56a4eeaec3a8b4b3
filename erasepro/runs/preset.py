"""The preset of ``conf/solver`` that a run's solver is nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from erasepro.config.paths import config_dir, filed_options, unfiled_solvers
from erasepro.config.plain_values import leaves
from erasepro.runs.resolve import resolve


def nearest_preset(solver: Mapping[str, Any]) -> str:
    """The preset's name, and the keys in which the solver's settings differ from it (``uce_best preserve_scale=0.1``)."""
    settings = leaves(solver)
    name, differences = settings["name"], [f"{key}={value}" for key, value in settings.items() if key != "name"]
    for preset, known in _presets(settings["name"]).items():
        changed = [f"{key}={value}" for key, value in settings.items() if key in known and known[key] != value]
        if len(changed) < len(differences):
            name, differences = preset, changed
    return " ".join([name, *differences])


@cache
def _presets(solver: str) -> dict[str, dict[str, Any]]:
    """The settings of every preset of a solver, by the preset's name; to compose every file would take seconds."""
    files = {name: config_dir() / "solver" / f"{name}.yaml" for name in filed_options("solver")}
    names = [name for name, file in files.items() if f"\nname: {solver}\n" in f"\n{file.read_text(encoding='utf-8')}\n"]
    names += [name for name in unfiled_solvers() if name == solver]
    return {name: leaves(resolve([f"solver={name}"]).stored.at("solver")) for name in names}
