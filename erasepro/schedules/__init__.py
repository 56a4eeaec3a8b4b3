"""Layer schedules: the order of the text encoder's sites and the output that each is asked for."""

from erasepro.registry import Registry

from .base import Schedule, ScheduleConfig, SiteView

SCHEDULES: Registry[type[Schedule]] = Registry("schedule", "erasepro.schedules")

__all__ = ["SCHEDULES", "Schedule", "ScheduleConfig", "SiteView"]
