"""The registry of metrics; a module of its own, so that what it registers can import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.registry import Registry

if TYPE_CHECKING:
    from erasepro.metrics.engine.base import Metric

METRICS: Registry[type[Metric]] = Registry("metric", "erasepro.metrics", group="erasepro.metrics")
