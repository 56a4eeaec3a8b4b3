"""From settings to their dataclass, strictly: a key that the dataclass does not have is an error."""

from __future__ import annotations

from omegaconf import OmegaConf

from erasepro.config.paths import config_dir
from erasepro.config.schema import ModelConfig


def stored_model(name: str) -> ModelConfig:
    """The model that an option of ``conf/model`` describes."""
    stored = OmegaConf.load(config_dir() / "model" / f"{name}.yaml")
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ModelConfig), stored))  # type: ignore[return-value]
