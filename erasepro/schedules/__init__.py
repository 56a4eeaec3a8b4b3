"""Layer schedules: the order of the text encoder's sites and the output that each is asked for."""

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.config import ScheduleConfig
from erasepro.schedules.registry import SCHEDULES

__all__ = ["SCHEDULES", "Schedule", "ScheduleConfig", "SiteView"]
