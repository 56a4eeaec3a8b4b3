"""What a tracker does, the registry of trackers, and the guard that keeps their failures away from the run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from erasepro.errors import UserError
from erasepro.registry import Registry
from erasepro.schema import TrackerConfig


class Tracker(Protocol):
    """Logs one run. Every method may raise; callers get a guarded tracker from ``start_tracker``."""

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        """Final numbers by name."""

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table of results."""

    def log_image(self, name: str, path: Path, sensitive: bool = False) -> None:
        """One picture. Sensitive ones are left out unless ``tracker.log_sensitive``."""

    def finish(self) -> None:
        """Close the run at the tracker."""


TRACKERS: Registry[Callable[..., Tracker | None]] = Registry("tracker", "erasepro.tracking")
"""Name → what opens one; None where the environment switches it off."""


class Guarded:
    """A tracker whose failures are told once, in one line, and then ignored."""

    def __init__(self, tracker: Tracker | None, name: str) -> None:
        self._tracker = tracker
        self._name = name
        self._warned = False

    def _call(self, method: str, *args: Any, **kwargs: Any) -> None:
        if self._tracker is None:
            return
        try:
            getattr(self._tracker, method)(*args, **kwargs)
        except Exception as error:  # whatever a tracker raises, the run's own folder has the results
            self.warn(error)

    def warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            print(f"erasepro: warning: tracker {self._name!r} failed ({reason}); the run goes on.", file=sys.stderr)

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        self._call("log_summary", summary)

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._call("log_table", name, columns, rows)

    def log_image(self, name: str, path: Path, sensitive: bool = False) -> None:
        self._call("log_image", name, path, sensitive=sensitive)

    def finish(self) -> None:
        self._call("finish")


@contextmanager
def start_tracker(cfg: TrackerConfig, run_dir: Path, name: str, config: Mapping[str, Any]) -> Iterator[Guarded]:
    """Open the tracker that ``cfg.name`` names for one job and close it at the end, also after an error.

    Args:
        cfg: the ``tracker`` group.
        run_dir: the run's folder; everything the tracker stores lies in it.
        name: the run's name at the tracker.
        config: the whole config as plain dicts and lists.
    """
    build = TRACKERS.get(cfg.name)
    guarded = Guarded(None, cfg.name)
    try:
        guarded = Guarded(build(cfg, run_dir, name, dict(config)), cfg.name)
    except UserError:
        raise  # a bad config value, not a failure
    except Exception as error:
        guarded.warn(error)
    try:
        yield guarded
    finally:
        guarded.finish()
