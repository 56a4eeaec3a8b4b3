"""Configs as plain values (dicts, lists, scalars): dotted keys, leaves, differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def dotted_keys(node: Any, prefix: str = "") -> Iterator[str]:
    """Every dotted key of a config, groups and leaves."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from dotted_keys(value, f"{prefix}{key}.")


def differing(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The keys in which configs by dotted key differ, each with its values."""
    keys = dict.fromkeys(key for config in configs for key in config)
    texts = {key: list(dict.fromkeys(str(config.get(key)) for config in configs)) for key in keys}
    return {key: different for key, different in texts.items() if len(different) > 1}


def leaves(node: Any, prefix: str = "") -> dict[str, Any]:
    """The values of a config by dotted key."""
    if not isinstance(node, Mapping):
        return {prefix[:-1]: node}
    return {key: value for name, part in node.items() for key, value in leaves(part, f"{prefix}{name}.").items()}


def at(config: Any, key: str, missing: Any = None) -> Any:
    """The value at a dotted key of a plain config; ``missing`` where there is none."""
    for part in key.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return missing
        config = config[part]
    return config


def replaced(node: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a dotted key, groups made on the way; `ABSENT` takes the key out."""
    first, _, rest = key.partition(".")
    copy = dict(node)
    if rest:
        inner = copy.get(first)
        copy[first] = replaced(inner if isinstance(inner, Mapping) else {}, rest, value)
    elif value is ABSENT:
        copy.pop(first, None)
    else:
        copy[first] = value
    return copy


def overlaid(defaults: Any, given: Any) -> Any:
    """Plain values over plain defaults, group by group."""
    if not isinstance(defaults, dict) or not isinstance(given, dict):
        return given
    return defaults | {key: overlaid(defaults.get(key), value) for key, value in given.items()}


ABSENT = object()
"""No value at a key, where None is one."""
