"""Trackers: where a run's numbers are logged beside its own folder. A tracker's failure never fails a run."""

from erasepro.tracking.base import RunInfo, Tracker, start_tracker
from erasepro.tracking.registry import TRACKERS

__all__ = ["TRACKERS", "RunInfo", "Tracker", "start_tracker"]
