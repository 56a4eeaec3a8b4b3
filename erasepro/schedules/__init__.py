"""Layer schedules: which of the text encoder's blocks are edited, and the target that each of their sites is given."""

from erasepro.schedules.base import Schedule, SiteView
from erasepro.schedules.config import ScheduleConfig
from erasepro.schedules.registry import SCHEDULES

__all__ = ["SCHEDULES", "Schedule", "ScheduleConfig", "SiteView"]
