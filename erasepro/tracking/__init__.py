"""Trackers: where a run's numbers are logged beside its own folder. A tracker's failure never fails a run."""

from erasepro.tracking.base import RunInfo, Tracker
from erasepro.tracking.registry import TRACKERS
from erasepro.tracking.start import start_tracker

__all__ = ["TRACKERS", "RunInfo", "Tracker", "start_tracker"]
