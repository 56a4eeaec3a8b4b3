"""TODO docstring of erasepro.config.typed."""

from __future__ import annotations

import dataclasses
from typing import Any

from omegaconf import DictConfig, OmegaConf

from erasepro.config.hydra_errors import translated


def to_object(cfg: DictConfig, schema: type) -> Any:
    """The node as an instance of ``schema`` (plain lists and dicts inside). Wrong keys or types raise UserError."""
    with translated(()):
        known = {f.name for f in dataclasses.fields(schema)}
        merged = OmegaConf.merge(OmegaConf.structured(schema), {k: v for k, v in cfg.items() if k in known})
        return OmegaConf.to_object(merged)
