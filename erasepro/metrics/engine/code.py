"""Which code a metric's numbers come from: its version and a digest of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.metrics.registry import METRICS
from erasepro.runtime.entry_digest import entry_digest

if TYPE_CHECKING:
    from erasepro.results.results_json import MetricScore


METRIC_CODE = (
    "erasepro.metrics",
    "erasepro.results.clusters",
    "erasepro.results.standard_error",
    "erasepro.results.score",
)
"""Packages whose code decides a score, beside the metric's own."""


def metric_code(name: str) -> tuple[int, str]:
    """The version that the metric states, and the digest (16 hex digits) of its module and of what that imports."""
    metric = METRICS.get(name)
    return metric.version, entry_digest(metric, METRIC_CODE)[:16]


def is_current(score: MetricScore) -> bool:
    """Whether the metric's present code made a score; of a score stored without a digest only the version is known."""
    if score.metric not in METRICS:
        return False
    version, source = metric_code(score.metric)
    return score.version == version and score.source in ("", source)
