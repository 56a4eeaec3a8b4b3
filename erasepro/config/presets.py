"""The preset of ``conf/solver`` that a run's solver is nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from erasepro.config.plain import leaves


def preset(config: Mapping[str, Any]) -> str:
    """Its name, and the keys in which the solver differs from it (``uce_best preserve_scale=0.1``)."""
    mine = leaves(config["solver"])
    name, differences = mine["name"], [f"{k}={v}" for k, v in mine.items() if k != "name"]
    for other, known in _presets(mine["name"]).items():
        found = [f"{k}={v}" for k, v in mine.items() if k in known and known[k] != v]
        if len(found) < len(differences):
            name, differences = other, found
    return " ".join([name, *differences])


@cache
def _presets(solver: str) -> dict[str, dict[str, Any]]:
    """The settings of every preset of a solver, by the preset's name; to compose every file would take seconds."""
    from omegaconf import OmegaConf

    from erasepro.config.paths import config_dir, filed_options, unfiled_solvers
    from erasepro.runs.resolve import compose

    files = {name: config_dir() / "solver" / f"{name}.yaml" for name in filed_options("solver")}
    names = [name for name, file in files.items() if f"\nname: {solver}\n" in f"\n{file.read_text(encoding='utf-8')}\n"]
    names += [name for name in unfiled_solvers() if name == solver]
    configs = {name: compose([f"solver={name}"]).solver for name in names}
    return {name: leaves(OmegaConf.to_container(cfg, resolve=True)) for name, cfg in configs.items()}
