"""From names and settings to metric objects, each set by an instance of its own config dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from erasepro.config.typed_dataclass import from_mapping
from erasepro.errors import UserError, unknown
from erasepro.metrics.registry import METRICS

if TYPE_CHECKING:
    from erasepro.metrics.engine.base import Metric

ROLES = ("target", "anchor", "retain", "synonym")
"""What a row's prompt can be for."""


class MetricConfig(Protocol):
    """An instance of the dataclass that a metric is registered with (``METRICS.config(name)``)."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def build_metrics(names: Sequence[str], configs: Mapping[str, MetricConfig] | None = None) -> dict[str, Metric]:
    """Fresh metrics by name.

    Args:
        configs: metric name -> an instance of its dataclass, as `metric_config` makes it; a metric without one keeps its
            defaults.

    Raises UserError for an unknown metric, and for a setting that the metric refuses.
    """
    chosen = all_configs(names, configs)
    for name in chosen:
        lost = sorted(getattr(METRICS.get(name), "__abstractmethods__", ()))
        if lost:
            raise UserError(f"The metric {name!r} lacks what every metric has: {', '.join(lost)}.")
    return {name: METRICS.get(name)(chosen[name]) for name in chosen}


def all_configs(names: Sequence[str], configs: Mapping[str, MetricConfig] | None = None) -> dict[str, MetricConfig]:
    """The settings of every metric named, each once: those given, else its defaults."""
    given = configs or {}
    return {name: given[name] if name in given else metric_config(name) for name in dict.fromkeys(names)}


def metric_configs(params: Mapping[str, Mapping[str, Any] | None]) -> dict[str, MetricConfig]:
    """The settings of several metrics (``metrics.params``), checked. Raises UserError as `metric_config` does."""
    return {name: metric_config(name, values) for name, values in params.items()}


def metric_config(name: str, params: Mapping[str, Any] | None = None) -> MetricConfig:
    """The metric's settings as its dataclass, defaults filled in.

    Args:
        params: what a config or a stored record says of them (``metrics.params.<name>``).

    Raises UserError for an unknown metric or key, a value of the wrong type, and a metric registered without a config.
    """
    params = params or {}
    schema = METRICS.required_config(name)
    known = [f.name for f in dataclasses.fields(schema)]
    for key in params:
        if key not in known:
            raise unknown(f"parameter metrics.params.{name}", key, known)
    config = cast(MetricConfig, from_mapping(schema, params, f"metrics.params.{name}"))
    for key in ("role", "roles"):
        value = getattr(config, key, None) or ()
        for role in [value] if isinstance(value, str) else value:
            if role not in ROLES:
                raise unknown(f"role in metrics.params.{name}.{key}", str(role), ROLES)
    return config


def split_by_need(
    names: Sequence[str], configs: Mapping[str, MetricConfig] | None = None
) -> tuple[list[str], list[str]]:
    """``names`` split into the metrics that need a judge, set as they are, and those that do not."""
    chosen = all_configs(names, configs)
    needing = [name for name in names if METRICS.get(name).asks_judge(chosen[name])]
    return needing, [name for name in names if name not in needing]
