"""The protocol's name as it stands beside a number: ``mace/1``, or ``mace/1+modified(generation.steps)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def protocol_label(config: Mapping[str, Any], metric: str | None = None) -> str:
    """``name/version`` of a config's protocol, and the keys that it fixes and the config changes.

    ``metric``: the label of that metric's numbers; settings of other metrics (``metrics.params.<other>``) do not touch them.
    """
    protocol = config["protocol"]
    changed = [key for key in modified(config) if metric is None or _concerns(key, metric)]
    return f"{protocol['name']}/{protocol['version']}" + (f"+modified({', '.join(changed)})" if changed else "")


def modified(config: Mapping[str, Any]) -> list[str]:
    """The keys whose value is not the one that the protocol fixes."""
    return [key for key, value in config["protocol"]["fixes"].items() if at(config, key) != value]


def at(config: Any, key: str) -> Any:
    """The value at a dotted key of a plain config; None where there is none."""
    for part in key.split("."):
        config = config.get(part) if isinstance(config, Mapping) else None
    return config


def _concerns(key: str, metric: str) -> bool:
    parts = key.split(".")
    return parts[:2] != ["metrics", "params"] or parts[2:3] == [metric]
