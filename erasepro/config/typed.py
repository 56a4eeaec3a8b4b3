"""From a node of a config to its dataclass."""

from __future__ import annotations

import dataclasses
from typing import Any

from omegaconf import DictConfig, OmegaConf

from erasepro.config.hydra_errors import translated
from erasepro.config.paths import config_dir
from erasepro.config.schema import ModelConfig


def to_object(cfg: DictConfig, schema: type) -> Any:
    """The node as an instance of ``schema`` (plain lists and dicts inside). Wrong keys or types raise UserError."""
    with translated(()):
        known = {f.name for f in dataclasses.fields(schema)}
        merged = OmegaConf.merge(OmegaConf.structured(schema), {k: v for k, v in cfg.items() if k in known})
        return OmegaConf.to_object(merged)


def stored_model(name: str) -> ModelConfig:
    """The model that an option of ``conf/model`` describes."""
    stored = OmegaConf.load(config_dir() / "model" / f"{name}.yaml")
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ModelConfig), stored))  # type: ignore[return-value]
