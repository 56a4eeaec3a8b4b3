"""From ``conf/metrics`` to metric objects, each checked against its own config dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.config.typed_dataclass import from_mapping
from erasepro.errors import unknown
from erasepro.metrics.engine.base import Metric
from erasepro.metrics.registry import METRICS

ROLES = ("target", "anchor", "retain", "synonym")
"""What a row's prompt can be for."""


def build_metrics(names: Sequence[str], params: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Metric]:
    """Fresh metrics by name. Raises UserError for an unknown metric, parameter, or value of the wrong type.

    ``params`` may hold settings of metrics that are not asked for; they are checked all the same.
    """
    settings = dict(params or {})
    configs = {name: metric_config(name, settings.get(name) or {}) for name in dict.fromkeys([*names, *settings])}
    return {name: METRICS.get(name)(configs[name]) for name in dict.fromkeys(names)}  # type: ignore[call-arg]


def metric_config(name: str, params: Mapping[str, Any]) -> Any:
    """The metric's settings as its dataclass, defaults filled in. Raises UserError for a wrong name or type."""
    schema = METRICS.config(name)
    if schema is None:
        raise TypeError(f"metric {name!r} is registered without a config dataclass")
    known = [f.name for f in dataclasses.fields(schema)]
    for key in params:
        if key not in known:
            raise unknown(f"parameter metrics.params.{name}", key, known)
    for key in ("role", "roles"):
        for role in [params[key]] if isinstance(params.get(key), str) else params.get(key) or ():
            if key in known and role not in ROLES:
                raise unknown(f"role in metrics.params.{name}.{key}", str(role), ROLES)
    return from_mapping(schema, params, f"metrics.params.{name}")


def split_by_need(
    names: Sequence[str], params: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[list[str], list[str]]:
    """``names`` split into the metrics that need a judge, set as they are, and those that do not."""
    settings = params or {}
    needing = [name for name in names if METRICS.get(name).asks_judge(metric_config(name, settings.get(name) or {}))]
    return needing, [name for name in names if name not in needing]
