"""The registry of trackers; a module of its own, so that what it registers can import it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from erasepro.registry import Registry

if TYPE_CHECKING:
    from erasepro.config.schema import TrackerConfig
    from erasepro.tracking.base import RunInfo, Tracker

TRACKERS: Registry[Callable[[TrackerConfig, RunInfo], Tracker | None]] = Registry("tracker", "erasepro.tracking")
"""Name → what opens one; None where the environment switches it off."""
