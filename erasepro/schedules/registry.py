"""The registry of schedules; a module of its own, so that what it registers can import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.registry import Registry

if TYPE_CHECKING:
    from erasepro.schedules.base import Schedule

SCHEDULES: Registry[type[Schedule]] = Registry("schedule", "erasepro.schedules")
