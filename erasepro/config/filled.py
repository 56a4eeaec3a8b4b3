"""From plain values to the dataclass of one option, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from erasepro.errors import UserError


def fill_schema(schema: type, values: Mapping[str, Any], key: str) -> Any:
    """An instance of a dataclass from plain values by name; what is not given has its default.

    Raises UserError for a value of the wrong type, which is named by its dotted key under ``key``.
    """
    try:
        return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), OmegaConf.create(dict(values))))
    except OmegaConfBaseException as error:
        raise UserError(f"{key}.{error.full_key or ''}: {str(error).splitlines()[0]}.") from error
