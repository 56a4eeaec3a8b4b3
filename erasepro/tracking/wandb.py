"""Weights & Biases, offline unless a key is at hand. All of its files lie in the run's folder, under ``wandb/``.

W&B runs in a process of its own (``wandb_process``): a dead network, a server that never answers, a service that hangs or is
killed cost the run no time but the bounded wait at its end, and jobs of a sweep, one after the other or at once, share nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from erasepro.config.schema import TrackerConfig
from erasepro.errors import UserError
from erasepro.tracking.base import RunInfo, TrackerWarning
from erasepro.tracking.mode import choose_mode
from erasepro.tracking.process import TrackerProcess
from erasepro.tracking.registry import TRACKERS

MODULE = "erasepro.tracking.wandb_process"


@TRACKERS.register("wandb")
def wandb_tracker(cfg: TrackerConfig, run: RunInfo) -> WandbTracker | None:
    """Weights & Biases; offline without a key (sync later with `wandb sync`)."""
    mode = choose_mode(cfg.mode)
    if not cfg.shutdown_timeout > 0:
        raise UserError(f"tracker.shutdown_timeout must be more than 0 seconds, not {cfg.shutdown_timeout:g}.")
    return None if mode == "disabled" else WandbTracker(cfg, run, mode)


class WandbTracker:
    """One run at Weights & Biases, online or offline; offline after all where the login fails. No method waits but `finish`."""

    def __init__(self, cfg: TrackerConfig, run: RunInfo, mode: str) -> None:
        self._shutdown_timeout = cfg.shutdown_timeout
        self._dir = run.dir.resolve()
        self._process = TrackerProcess(MODULE, self._dir / "wandb" / "process.log")
        settings = {"project": cfg.project, "entity": cfg.entity, "tags": list(cfg.tags), "mode": mode}
        self._send("open", argv=sys.argv, **settings, **{**asdict(run), "dir": str(self._dir)})

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        """Send final numbers, shown as the run's summary."""
        self._send("summary", summary=dict(summary))

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Send a table; in a column of several kinds every cell becomes words, as W&B wants one kind."""
        columns_of_cells = [alike([cell(row[i]) for row in rows]) for i in range(len(columns))]
        self._send(
            "table", name=name, columns=list(columns), rows=[list(row) for row in zip(*columns_of_cells, strict=True)]
        )

    def log_curves(self, name: str, x: str, points: Sequence[Mapping[str, float]]) -> None:
        """Send curves over an axis of their own, so that those of several runs lie over each other."""
        self._send("curves", name=name, x=x, points=[dict(point) for point in points])

    def log_image(self, name: str, path: Path) -> None:
        """Send one picture by its path."""
        self._send("image", name=name, path=str(path.resolve()))

    def log_files(self, name: str, kind: str, files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        """Send files by their paths, kept as one artifact."""
        paths = [str(path.resolve()) for path in files]
        self._send("files", name=name, kind=kind, files=paths, facts=dict(facts))

    def finish(self, failed: bool = False) -> None:
        """Close the run, and wait for W&B.

        Raises TrackerWarning where it does not end within ``tracker.shutdown_timeout`` seconds, or has something to say.
        """
        self._process.send({"do": "close", "failed": failed})
        if not self._process.close(self._shutdown_timeout):
            raise TrackerWarning(
                f"W&B did not end within {self._shutdown_timeout:g} s (tracker.shutdown_timeout); the run's own folder is "
                f"whole. Upload what W&B has of it with `wandb sync {self._dir}/wandb/*run-*`."
            )
        self._listen(closed=True)

    def _send(self, what: str, **facts: Any) -> None:
        self._process.send({"do": what, **facts})
        self._listen()

    def _listen(self, closed: bool = False) -> None:
        """Passes on what W&B's process told meanwhile, as an exception: the guard makes one line of it."""
        line = self._process.next_line()
        if line:
            raise TrackerWarning(line)
        status = self._process.status
        if status not in (None, 0) or (status == 0 and not closed):
            raise TrackerWarning(
                f"W&B's process has ended (status {status}; see {self._dir}/wandb/process.log); nothing more is logged there."
            )


def cell(value: Any) -> Any:
    """A table's cell as JSON: a picture by its path, numbers and words as they are, NaN as None, anything else as words."""
    if isinstance(value, Path):
        return {"image": str(value.resolve())}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)


def alike(cells: list[Any]) -> list[Any]:
    """A column's cells of one kind, as W&B wants them: where they are not, all of them as words."""
    kinds = {float if type(value) is int else type(value) for value in cells if value is not None}
    return cells if len(kinds) < 2 else [value if value is None else str(value) for value in cells]
