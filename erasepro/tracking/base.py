"""What a tracker does, the registry of trackers, and the guard that keeps their failures away from the run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class RunInfo:
    """How a run is known at a tracker."""

    dir: Path  # the run's folder; everything that a tracker stores lies in it
    name: str
    id: str = ""  # the same for the same job, so that a resumed job goes on with its own entry; "": a new one
    group: str | None = None  # runs that are shown together
    config: dict[str, Any] = field(default_factory=dict)  # plain dicts, lists and scalars


class Tracker(Protocol):
    """Logs one run. Every method may raise; callers get a guarded tracker from ``start_tracker``."""

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        """Final numbers by name."""

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table of numbers, words, None, and pictures (a cell that is a ``Path``)."""

    def log_curves(self, name: str, x: str, points: Sequence[Mapping[str, float]]) -> None:
        """Curves over one axis: every point holds the axis's value under `x`, and the curves' values there by name."""

    def log_image(self, name: str, path: Path) -> None:
        """One picture."""

    def log_files(self, name: str, kind: str, files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        """Files that belong together, with what is known of them."""

    def finish(self, failed: bool = False) -> None:
        """Close the run at the tracker, as failed or as finished."""


class TrackerWarning(Exception):
    """Something of the tracker's that the user should know; the message is the whole line."""


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
        """Print an error of the tracker as one line on stderr, the first time only."""
        if not self._warned:
            self._warned = True
            reason = " ".join(str(error).split())[:400] or type(error).__name__
            if not isinstance(error, TrackerWarning):
                reason = f"tracker {self._name!r} failed ({reason}); the run goes on."
            print(f"erasepro: warning: {reason}", file=sys.stderr)

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        """Final numbers by name."""
        self._call("log_summary", summary)

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table of numbers, words, None, and pictures (a cell that is a ``Path``)."""
        self._call("log_table", name, columns, rows)

    def log_curves(self, name: str, x: str, points: Sequence[Mapping[str, float]]) -> None:
        """Curves over one axis (see `Tracker.log_curves`)."""
        self._call("log_curves", name, x, points)

    def log_image(self, name: str, path: Path) -> None:
        """One picture."""
        self._call("log_image", name, path)

    def log_files(self, name: str, kind: str, files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        """Files that belong together, with what is known of them."""
        self._call("log_files", name, kind, files, facts)

    def finish(self, failed: bool = False) -> None:
        """Close the run at the tracker, as failed or as finished."""
        self._call("finish", failed)
