"""What Hydra's compose needs from the project: the root schema, its resolvers, and overrides in the form that it takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from erasepro.config.paths import VERSION_BASE, config_dir, search_path_override, unfiled_solvers
from erasepro.config.schema import Config
from erasepro.errors import UserError

CUSTOM = "custom"
OPEN = (
    "solver.", "solver={", "schedule.", "metrics.params.", "protocol.fixes=", "protocol.suggests=", "protocol.requires=",
    "concepts.synonyms", "templates.articles",
)  # fmt: skip
"""Keys that `check` knows and the yaml files need not name: a solver's, a schedule's and every metric's, an own protocol's."""


@dataclass
class ComposedConfig(Config):
    """What a file may say: the config of a run, and the section that `erasepro study` reads, which is no part of it."""

    study: Any = None


def prepare() -> None:
    """Register the root schema and the solvers without a yaml file, and forbid reading the environment from a config.

    Safe to call again.
    """
    ConfigStore.instance().store(name="root_schema", node=ComposedConfig)
    for name in unfiled_solvers():
        ConfigStore.instance().store(group="solver", name=name, node={"name": name})
    for resolver in ("oc.env", "env"):
        OmegaConf.register_new_resolver(resolver, _refuse_environment, replace=True)


def _refuse_environment(*words: str) -> None:
    raise UserError(
        f"A config may not read the environment (${{oc.env:{','.join(map(str, words))}}}): configs are shared data. "
        "Write the value, or pass it on the command line."
    )


@contextmanager
def hydra_command(words: Sequence[str]) -> Iterator[None]:
    """Words in the place of the command's, for ``hydra.main``; its errors are raised in place of printed."""
    before, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = list(words), "1"
    try:
        yield
    finally:
        sys.argv = before
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error


def with_experiment(cfg: DictConfig, chosen: Mapping[str, Any]) -> DictConfig:
    """The config of the run alone; ``experiments`` and ``method`` hold the options of their groups that were chosen."""
    own = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in ("hydra", "study")])
    OmegaConf.update(own, "experiments", chosen.get("experiments"))
    OmegaConf.update(own, "method", chosen.get("solver") or "")
    return own


def compose_unchecked(*overrides: str) -> DictConfig:
    """What ``conf/`` alone says, neither resolved nor checked nor given a protocol's values. Not to be changed.

    Kept by the folder: what is written into it later is not seen.
    """
    return _uncomposed(config_dir(), *overrides)


@cache
def _uncomposed(conf: Path, *overrides: str) -> DictConfig:
    prepare()
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(conf)):
        return hydra_compose("config", overrides=[search_path_override(), *overrides])


def custom_pairs_named(overrides: Sequence[str]) -> list[str]:
    """The overrides, with the concept set renamed (see `custom_name`) where its pairs are replaced but not its name.

    ``metrics=[a,b]`` names metrics; the group's options are words. Keys under `OPEN` need no ``+`` where no config has a value
    for them yet.
    """
    overrides = ["metrics.names" + word[7:] if word.startswith("metrics=[") else word for word in overrides]
    overrides = ["++" + word if word.startswith(OPEN) else word for word in overrides]
    keys = {override.partition("=")[0].lstrip("+") for override in overrides}
    replaced = bool(keys & {"concepts.pairs", "concepts.file"}) and "concepts.name" not in keys
    return [*overrides, *([f"concepts.name={CUSTOM}"] if replaced else [])]
