"""The composed config, and what one option of a group says; every error of Hydra and omegaconf is one line."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import MISSING, DictConfig, OmegaConf

from erasepro.config.check_overrides import check_overrides
from erasepro.config.hydra_errors import translated
from erasepro.config.hydra_setup import compose_unchecked, custom_pairs_named, prepare, with_experiment
from erasepro.config.nodes import stored_config
from erasepro.config.paths import VERSION_BASE, config_dir, files_state, search_path_override
from erasepro.config.stored_config import StoredConfig
from erasepro.config.yaml_files import read_yaml
from erasepro.errors import UserError


def compose_config(overrides: Sequence[str] = ()) -> DictConfig:
    """The config that ``conf/`` and overrides give, without Hydra's own part; neither resolved nor checked.

    Raises UserError (one line) where it does not compose.
    """
    return copy.deepcopy(_composed(config_dir(), files_state(), *overrides))


@lru_cache(maxsize=64)
def _composed(conf: Path, state: tuple[int, int], *overrides: str) -> DictConfig:
    """Hydra takes 30 times as long as a copy; ``state`` is that of the files, so that a change of one is seen."""
    prepare()
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(conf)), translated(overrides):
        check_overrides(overrides)
        words = [search_path_override(), *custom_pairs_named(overrides)]
        cfg = hydra_compose("config", overrides=words, return_hydra_config=True)
    return with_experiment(cfg, cfg.hydra.runtime.choices)


def hydra_part(overrides: Sequence[str] = ()) -> str:
    """Hydra's own part of the config as yaml, interpolations as they stand. Raises UserError where it does not compose."""
    compose_config(overrides)
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(config_dir())), translated(overrides):
        words = [search_path_override(), *custom_pairs_named(overrides)]
        cfg = hydra_compose("config", overrides=words, return_hydra_config=True)
    return OmegaConf.to_yaml(OmegaConf.create({"hydra": OmegaConf.to_container(cfg.hydra, resolve=False)}))


def option_settings(group: str, name: str) -> StoredConfig:
    """What an option of a config group says, composed with the default config, interpolations resolved.

    Raises UserError where its file cannot be read or does not compose.
    """
    return _option_settings(config_dir(), group, name)


@cache
def _option_settings(conf: Path, group: str, name: str) -> StoredConfig:
    overrides = [f"{group}={name}"]
    with translated(overrides):
        node = compose_unchecked(*overrides)[group]
        return stored_config(node[name] if group == "prompts" else node)


def stated_name(group: str, option: str) -> str | None:
    """The key ``name`` of an option's file; None where only composing tells it (a default list, an interpolation).

    Raises UserError where the file cannot be read.
    """
    path = config_dir() / group / f"{option}.yaml"
    try:
        content = read_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"The config file {path.name!r} cannot be read: {str(error).splitlines()[0]}.") from error
    values = content if isinstance(content, dict) else {}
    name = values.get("name")
    return name if isinstance(name, str) and "defaults" not in values and "${" not in name and name != MISSING else None
