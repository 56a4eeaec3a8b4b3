"""Opening a tracker for one run, and closing it whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from erasepro.config.schema import TrackerConfig
from erasepro.errors import UserError
from erasepro.tracking.base import Guarded, RunInfo
from erasepro.tracking.registry import TRACKERS


@contextmanager
def start_tracker(cfg: TrackerConfig, run: RunInfo) -> Iterator[Guarded]:
    """Open the tracker that ``cfg.name`` names for one job and close it at the end, as failed after an error.

    Raises UserError for a name or a value that is none; whatever else goes wrong is one warning.
    """
    build = TRACKERS.get(cfg.name)
    guarded = Guarded(None, cfg.name)
    try:
        guarded = Guarded(build(cfg, run), cfg.name)
    except UserError:
        raise  # a bad config value, not a failure
    except Exception as error:
        guarded.warn(error)
    try:
        yield guarded
    except BaseException:
        guarded.finish(failed=True)
        raise
    guarded.finish()
