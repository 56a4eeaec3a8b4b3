"""From omegaconf's nodes to plain values, and to the text of a file."""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from erasepro.config.stored_config import StoredConfig


def stored_config(cfg: DictConfig) -> StoredConfig:
    """The values of a composed config, interpolations resolved. Raises omegaconf's errors for a value that is missing."""
    values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(values, dict)
    return StoredConfig({str(key): value for key, value in values.items()})


def unresolved_config(cfg: DictConfig) -> StoredConfig:
    """The values of a config as its files have them: interpolations and missing values are strings."""
    values = OmegaConf.to_container(cfg, resolve=False)
    return StoredConfig({str(key): value for key, value in values.items()} if isinstance(values, dict) else {})


def yaml_text(stored: StoredConfig) -> str:
    """The text of ``config.yaml``."""
    return OmegaConf.to_yaml(OmegaConf.create(dict(stored.values)))
