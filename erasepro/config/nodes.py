"""From omegaconf's nodes to plain values, and to the text of a file."""

from __future__ import annotations

from pathlib import Path

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError


def stored_config(cfg: DictConfig) -> StoredConfig:
    """The values of a composed config, interpolations resolved. Raises omegaconf's errors for a value that is missing."""
    values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(values, dict)
    return StoredConfig({str(key): value for key, value in values.items()})


def unresolved_config(cfg: DictConfig) -> StoredConfig:
    """The values of a config as its files have them: interpolations and missing values are strings."""
    values = OmegaConf.to_container(cfg, resolve=False)
    return StoredConfig({str(key): value for key, value in values.items()} if isinstance(values, dict) else {})


def read_config(file: Path) -> StoredConfig:
    """The config in a run's yaml file. Raises UserError where the file is missing, cut off or damaged."""
    try:
        content = OmegaConf.load(file)
        return stored_config(content) if isinstance(content, DictConfig) else StoredConfig({})
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException, RecursionError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{str(file)!r} is damaged: {reason}.") from error


def yaml_text(stored: StoredConfig) -> str:
    """The text of ``config.yaml``."""
    return OmegaConf.to_yaml(OmegaConf.create(dict(stored.values)))
