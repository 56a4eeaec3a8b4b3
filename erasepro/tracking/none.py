"""No tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.schema import TrackerConfig
from erasepro.tracking.base import TRACKERS


@TRACKERS.register("none")
class NoTracker:
    """Nothing is logged; the run's folder holds the results."""

    def __init__(self, cfg: TrackerConfig, run_dir: Path, name: str, config: dict[str, Any]) -> None:
        pass

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        pass

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        pass

    def log_image(self, name: str, path: Path, sensitive: bool = False) -> None:
        pass

    def finish(self) -> None:
        pass
