"""From ``conf/metrics`` to metric objects, each checked against its own config dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from erasepro.errors import UserError, unknown
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


def metric_config(name: str, given: Mapping[str, Any]) -> Any:
    """The metric's settings as its dataclass, defaults filled in. Raises UserError for a wrong name or type."""
    kind = METRICS.config(name)
    if kind is None:
        raise TypeError(f"metric {name!r} is registered without a config dataclass")
    known = [f.name for f in dataclasses.fields(kind)]
    for key in given:
        if key not in known:
            raise unknown(f"parameter metrics.params.{name}", key, known)
    for key in ("role", "roles"):
        for role in [given[key]] if isinstance(given.get(key), str) else given.get(key) or ():
            if key in known and role not in ROLES:
                raise unknown(f"role in metrics.params.{name}.{key}", str(role), ROLES)
    try:
        return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind), OmegaConf.create(dict(given))))
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"metrics.params.{name}.{error.full_key or ''}: {reason}.") from error


def split_by_need(
    names: Sequence[str], params: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[list[str], list[str]]:
    """``names`` split into the metrics that need a judge, set as they are, and those that do not."""

    given = params or {}
    needing = [name for name in names if METRICS.get(name).asks_judge(metric_config(name, given.get(name) or {}))]
    return needing, [name for name in names if name not in needing]
