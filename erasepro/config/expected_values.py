"""What a key of a typed config takes, in a reader's words; and the mistakes that omegaconf lets through or cannot name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from erasepro.errors import UserError

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
LISTS = {
    int: "a list of whole numbers, for example [0,1,2]",
    float: "a list of numbers, for example [0.5,1]",
    str: "a list of texts, for example [a,b]",
}


def hint_at(schema: type, key: str) -> Any:
    """The type of the value at a dotted key of a dataclass (``metrics.names[0]``: of an item), None where it says none."""
    hint: Any = schema
    for part in re.findall(r"[^.\[\]]+", key):
        hint = _bare(hint)
        if dataclasses.is_dataclass(hint):
            hint = _hints(hint).get(part)  # type: ignore[arg-type]
        elif get_origin(hint) in (dict, list):
            hint = get_args(hint)[-1]
        else:
            return None
    return None if hint is Any else hint


def expected_at(schema: type, key: str) -> str | None:
    """What the value at a dotted key should be, for the end of a message; None where the schema does not say."""
    whole = hint_at(schema, key)
    hint = _bare(whole)
    if dataclasses.is_dataclass(hint):
        return f"its keys one by one: {', '.join(f'{key}.{field.name}=…' for field in dataclasses.fields(hint))}"
    if get_origin(hint) is dict or hint is dict:
        return "settings, for example {key:value}"
    if get_origin(hint) is list or hint is list:
        return LISTS.get((get_args(hint) or (None,))[0], "a list")
    words = WORDS.get(hint)
    return f"{words}, or null" if words and NoneType in get_args(whole) else words


def check_lists(value: Any, where: str = "") -> None:
    """Raise UserError for a list or a mapping inside a list of texts or numbers: omegaconf lets them through.

    Args:
        value: an instance of a dataclass.
        where: how messages name it, for example ``solver``; "" for the whole config.
    """
    for field in dataclasses.fields(value):
        key = f"{where}.{field.name}" if where else field.name
        held = getattr(value, field.name)
        hint = _bare(hint_at(type(value), field.name))
        if dataclasses.is_dataclass(held):
            check_lists(held, key)
        elif isinstance(held, Mapping):
            for name, part in held.items():
                if dataclasses.is_dataclass(part):
                    check_lists(part, f"{key}.{name}")
        elif isinstance(held, list) and (get_args(hint) or (None,))[0] in WORDS:
            wrong = next((item for item in held if isinstance(item, list | dict)), None)
            if wrong is not None:
                raise UserError(f"Bad value for {key!r}: got {wrong!r} in it, expected {expected_at(type(value), field.name)}.")


def check_groups(schema: type, values: Any, where: str) -> None:
    """Raise UserError for a plain value in the place of a group of settings of a dataclass, at any depth."""
    for field in dataclasses.fields(schema):
        hint = _bare(hint_at(schema, field.name))
        if not dataclasses.is_dataclass(hint) or field.name not in values:
            continue
        key, value = f"{where}.{field.name}", values[field.name]
        if not isinstance(value, Mapping):
            names = ", ".join(f"{key}.{inner.name}=…" for inner in dataclasses.fields(hint))
            raise UserError(f"Bad value for {key!r}: got {value!r}, expected its keys one by one: {names}.")
        check_groups(hint, value, key)  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _hints(schema: type) -> dict[str, Any]:
    """The types of a dataclass's fields, by name: asked for field by field, each time for all."""
    return get_type_hints(schema)


def _bare(hint: Any) -> Any:
    """A type without ``| None``."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return kinds[0] if len(kinds) == 1 else None
    return hint
