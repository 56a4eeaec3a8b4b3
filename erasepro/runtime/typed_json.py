"""Whether a JSON value has the form that a TypedDict describes; the first key that has not is named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "null"}


class WrongForm(ValueError):
    """A JSON value is not of the form that was expected; the message names the key, what is there and what should be."""


def check_json(value: Any, form: Any, key: str = "") -> None:
    """Compare a JSON value with its form.

    Args:
        value: what ``json.loads`` gave.
        form: a TypedDict, ``list[…]``, ``tuple[…]`` (a list of that length), ``dict[str, …]``, a union, ``str``, ``int``,
            ``float``, ``bool``, ``None`` or ``Any``.
            Keys that a TypedDict does not name are let through: a later version may have more.
        key: the dotted key of the value, for the message.

    Raises:
        WrongForm: a key is missing, or its value is of another type. A bool is no number; a whole number is a float.
    """
    if form is Any:
        return
    if is_typeddict(form):
        _check_keys(value, form, key)
    elif get_origin(form) in (Union, UnionType):
        _check_union(value, form, key)
    elif get_origin(form) is list:
        for place, item in enumerate(_instance(value, list, form, key)):
            check_json(item, get_args(form)[0], f"{key}[{place}]")
    elif get_origin(form) is tuple:
        items, forms = _instance(value, list, form, key), get_args(form)
        if len(items) != len(forms):
            raise _wrong(value, form, key)
        for place, (item, each) in enumerate(zip(items, forms, strict=True)):
            check_json(item, each, f"{key}[{place}]")
    elif get_origin(form) is dict:
        for name, item in _instance(value, dict, form, key).items():
            check_json(item, get_args(form)[1], _below(key, name))
    else:
        kinds = {float: (int, float), None: (NoneType,)}.get(form, (form,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and form is not bool):
            raise _wrong(value, form, key)


def _check_keys(value: Any, form: Any, key: str) -> None:
    _instance(value, dict, form, key)
    for name, hint in _hints(form).items():
        optional = get_origin(hint) is NotRequired
        if name in value:
            check_json(value[name], get_args(hint)[0] if optional else hint, _below(key, name))
        elif form.__total__ and not optional:
            raise WrongForm(f"{_below(key, name)} is missing")


@cache
def _hints(form: Any) -> dict[str, Any]:
    """The keys of a TypedDict with their forms: each is asked for once an item of a list."""
    return get_type_hints(form, include_extras=True)


def _check_union(value: Any, form: Any, key: str) -> None:
    """The message is that of the one structure in the union, where the value is one too: it names the key inside."""
    mismatches = []
    for choice in get_args(form):
        try:
            return check_json(value, choice, key)
        except WrongForm as error:
            mismatches.append((choice, error))
    for choice, mismatch in mismatches:
        if isinstance(value, dict | list) and _is_structure(choice, value):
            raise mismatch
    raise _wrong(value, form, key)


def _is_structure(form: Any, value: Any) -> bool:
    return (is_typeddict(form) or get_origin(form) is dict) if isinstance(value, dict) else get_origin(form) is list


def _instance(value: Any, kind: type, form: Any, key: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(value, form, key)
    return value


def _wrong(value: Any, form: Any, key: str) -> WrongForm:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}…"
    return WrongForm(f"{key or 'the file'} is {shown}, not {_words(form)}")


def _words(form: Any) -> str:
    if get_origin(form) in (Union, UnionType):
        return " or ".join(_words(choice) for choice in get_args(form))
    if is_typeddict(form) or get_origin(form) is dict or (isinstance(form, type) and issubclass(form, Mapping)):
        return "an object"
    if get_origin(form) is tuple:
        return f"a list of {len(get_args(form))}"
    return "a list" if get_origin(form) is list else WORDS.get(form, str(form))


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else str(name)
