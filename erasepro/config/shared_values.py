"""A composed config's values and types as far as they are known without the code of any solver or metric."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError

from erasepro.config.composed_config import compose_config
from erasepro.config.hydra_errors import translated
from erasepro.config.nodes import stored_config, unresolved_config
from erasepro.config.schema import Config
from erasepro.config.stored_config import StoredConfig


def shared_values(overrides: Sequence[str]) -> StoredConfig | None:
    """The values that overrides compose to; None where only the whole config, its solver's defaults in it, has them all.

    Raises UserError (one line) where they do not compose.
    """
    cfg: DictConfig = compose_config(overrides)
    if MISSING in unresolved_config(cfg).values.values():
        return None
    with translated(overrides):
        trial = copy.deepcopy(cfg)
        try:
            OmegaConf.resolve(trial)
        except InterpolationKeyError:  # it may refer to a key that the solver's dataclass brings along
            return None
        return None if OmegaConf.missing_keys(trial) else stored_config(trial)


def typed_values(values: StoredConfig, overrides: Sequence[str]) -> Config:
    """The values as the shared dataclasses; a solver's and the metrics' settings stay plain.

    Args:
        overrides: those that made the values; they serve the messages.

    Raises:
        UserError: a wrong key or type.
    """
    with translated(overrides):
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Config), dict(values.values)))
    assert isinstance(config, Config)
    return config


def check_type(key: str, schema: type, value: Any) -> None:
    """Raise omegaconf's errors, whose messages name the key, for a value that does not fit a dataclass."""
    OmegaConf.merge({key: OmegaConf.structured(schema)}, {key: value})
