"""A typed dataclass made of plain settings, strictly: a key that the dataclass does not have is an error."""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException, ValidationError

from erasepro.config.expected_values import check_lists, expected_at
from erasepro.config.paths import config_dir
from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError, unknown

T = TypeVar("T")

MOST = 1024
"""Dataclasses that are kept."""
_KNOWN: dict[tuple[type, str], Any] = {}
"""Dataclasses made before, by their type and the text of their values: one command makes the same ones many times."""


def from_mapping(schema: type[T], values: Mapping[str, Any], where: str, owner: str = "") -> T:
    """The dataclass ``schema`` with these values over its defaults, checked key by key and type by type.

    Args:
        schema: a dataclass; fields that are dataclasses are groups of settings.
        values: plain values, mappings for groups; keys left out keep their defaults.
        where: how messages name the place, for example ``solver``: a bad value is at ``solver.ridge``.
        owner: how messages name the owner of the keys, for example ``solver 'uce'``; "" for ``where``.

    Raises:
        UserError: an unknown key (the nearest and all the known ones are told), a value of the wrong type, or a dataclass with
            a field of a type that no config can hold.
    """
    plain = _plain(values)
    if not _is_literal(plain):
        return _make(schema, plain, where, owner)
    key = schema, repr(plain)
    if key not in _KNOWN:
        if len(_KNOWN) >= MOST:
            _KNOWN.clear()
        _KNOWN[key] = _make(schema, plain, where, owner)
    known: T = copy.deepcopy(_KNOWN[key])
    return known


def _make(schema: type[T], plain: Mapping[str, Any], where: str, owner: str) -> T:
    structured(schema)
    _check_groups(schema, plain, where, owner or where)
    try:
        merged = OmegaConf.merge(structured(schema), plain)
        typed: T = OmegaConf.to_object(merged)  # type: ignore[assignment]
    except OmegaConfBaseException as error:
        key = str(error.full_key or error.key)
        if isinstance(error, ValidationError):
            value, expected = _value_at(plain, key), expected_at(schema, key) or _first_line(error)
            raise UserError(f"Bad value for '{where}.{key}': got {value!r}, expected {expected}.") from error
        if isinstance(error, ConfigKeyError):
            raise unknown(f"key of {owner or where}", key, [f.name for f in dataclasses.fields(schema)]) from error  # type: ignore[arg-type]
        raise UserError(f"{where}.{key}: {_first_line(error)}") from error
    check_lists(typed, where)
    return typed


def structured(schema: type) -> DictConfig:
    """The dataclass as omegaconf's node. Raises UserError, naming its file, for a field of a type that no config can hold."""
    try:
        return OmegaConf.structured(schema)
    except (OmegaConfBaseException, NameError, TypeError, ValueError) as error:
        file = getattr(sys.modules.get(schema.__module__), "__file__", None) or schema.__module__
        raise UserError(
            f"The config {schema.__qualname__} ({'/'.join(Path(file).parts[-2:])}) cannot be used: "
            f"{str(error).splitlines()[0]}. "
            "Its fields are text, numbers, true or false, dataclasses, and lists and dicts of these."
        ) from error


def stored_model(name: str) -> ModelConfig:
    """The model that an option of ``conf/model`` describes."""
    stored = OmegaConf.load(config_dir() / "model" / f"{name}.yaml")
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ModelConfig), stored))  # type: ignore[return-value]


def _plain(values: Any) -> Any:
    """Mappings as dicts, dataclasses as theirs, config nodes as what they hold."""
    if isinstance(values, DictConfig):
        return OmegaConf.to_container(values, resolve=True)
    if dataclasses.is_dataclass(values) and not isinstance(values, type):
        return dataclasses.asdict(values)
    return {key: _plain(value) for key, value in values.items()} if isinstance(values, Mapping) else values


def _is_literal(values: Any) -> bool:
    """Whether a value's text says all of it: built-in types alone, no interpolation that something else decides."""
    if type(values) is dict:
        return all(type(key) is str and _is_literal(value) for key, value in values.items())
    if type(values) in (list, tuple):
        return all(map(_is_literal, values))
    return type(values) in (int, float, bool, type(None)) or (type(values) is str and "${" not in values)


def _check_groups(schema: Any, values: Mapping[str, Any], where: str, owner: str) -> None:
    """Raise UserError for an unknown key, and for a plain value in the place of a group of settings, at any depth."""
    defaults = OmegaConf.structured(schema)
    known = [str(key) for key in defaults]
    for key, value in values.items():
        if key not in known:
            raise unknown(f"key of {owner}", str(key), known)
        default = defaults[key]
        if not isinstance(default, DictConfig) or OmegaConf.get_type(default) is dict:
            continue
        if not isinstance(value, Mapping):
            first = next(iter(default))
            raise UserError(
                f"Bad value for '{where}.{key}': got {value!r}, expected settings such as {{{first!r}: {default[first]!r}}}; "
                f"its keys: {', '.join(map(str, default))}."
            )
        _check_groups(OmegaConf.get_type(default), value, f"{where}.{key}", f"'{where}.{key}'")


def _value_at(values: Any, key: str) -> Any:
    for part in key.replace("[", ".").replace("]", "").split("."):
        values = values[int(part)] if isinstance(values, list | tuple) else values[part]
    return values


def _first_line(error: OmegaConfBaseException) -> str:
    return (error.msg or str(error)).splitlines()[0].rstrip(".")
