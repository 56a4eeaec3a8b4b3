"""No tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.config.schema import TrackerConfig
from erasepro.tracking.base import RunInfo
from erasepro.tracking.registry import TRACKERS


@TRACKERS.register("none")
class NoTracker:
    """Nothing is logged; the run's folder holds the results."""

    def __init__(self, cfg: TrackerConfig, run: RunInfo) -> None:
        pass

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        """Do nothing with final numbers."""

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Do nothing with a table."""

    def log_curves(self, name: str, x: str, points: Sequence[Mapping[str, float]]) -> None:
        """Do nothing with curves."""

    def log_image(self, name: str, path: Path) -> None:
        """Do nothing with a picture."""

    def log_files(self, name: str, kind: str, files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        """Do nothing with files."""

    def finish(self, failed: bool = False) -> None:
        """Do nothing at the end."""
