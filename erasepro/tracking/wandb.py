"""Weights & Biases, offline unless a key is at hand. All of its files lie in the run's folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.schema import TrackerConfig
from erasepro.tracking.base import TRACKERS

MODES = ("auto", "offline", "online")
ENVIRONMENT = {
    "online": "online",
    "run": "online",
    "shared": "online",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
"""What W&B's own WANDB_MODE may say, and which mode that is here."""
FOLDERS = ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_ARTIFACT_DIR")


@TRACKERS.register("wandb")
def wandb_tracker(cfg: TrackerConfig, run_dir: Path, name: str, config: dict[str, Any]) -> WandbTracker | None:
    """Weights & Biases; offline without a key (sync later with `wandb sync`)."""
    mode = choose_mode(cfg.mode)
    return None if mode == "disabled" else WandbTracker(cfg, run_dir, name, config, mode)


class WandbTracker:
    """One run at Weights & Biases, online or offline; offline after all where the login fails."""

    def __init__(self, cfg: TrackerConfig, run_dir: Path, name: str, config: dict[str, Any], mode: str) -> None:
        self._sensitive = cfg.log_sensitive
        self._images = cfg.log_images
        self._dir = run_dir
        try:
            self._run = self._init(cfg, name, config, mode)
        except Exception as error:
            if mode == "offline":
                raise
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            print(
                f"erasepro: warning: the W&B login failed ({reason}); logging offline. Mend it with `wandb login`, "
                "or set tracker.mode=offline.",
                file=sys.stderr,
            )
            self._run = self._init(cfg, name, config, "offline")

    def _init(self, cfg: TrackerConfig, name: str, config: dict[str, Any], mode: str) -> Any:
        with folders_inside(self._dir):
            import wandb

            return wandb.init(
                project=cfg.project,
                entity=cfg.entity,
                name=name,
                tags=list(cfg.tags),
                config=config,
                dir=str(self._dir),
                mode="online" if mode == "online" else "offline",
                reinit="create_new",
                settings=wandb.Settings(silent=True, console="off", disable_git=True, save_code=False, init_timeout=15),
            )

    def log_summary(self, summary: Mapping[str, float | int | str]) -> None:
        self._run.summary.update(dict(summary))

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        import wandb

        with folders_inside(self._dir):
            self._run.log({name: wandb.Table(columns=list(columns), data=[[str(v) for v in row] for row in rows])})

    def log_image(self, name: str, path: Path, sensitive: bool = False) -> None:
        if not self._images or (sensitive and not self._sensitive):
            return
        import wandb

        with folders_inside(self._dir):
            self._run.log({name: wandb.Image(str(path))})

    def finish(self) -> None:
        with folders_inside(self._dir):
            self._run.finish()


def choose_mode(mode: str) -> str:
    """online | offline | disabled: ``auto`` is what WANDB_MODE says (else online), and offline without a key."""
    if mode not in MODES:
        raise UserError(f"Bad value for 'tracker.mode': got {mode!r}, allowed: {', '.join(MODES)}.")
    wanted = os.environ.get("WANDB_MODE") or "online"
    if wanted not in ENVIRONMENT:
        raise UserError(
            f"Bad value for the environment's WANDB_MODE: got {wanted!r}, allowed: {', '.join(ENVIRONMENT)}."
        )
    if mode != "auto":
        return mode
    if ENVIRONMENT[wanted] == "online" and not os.environ.get("WANDB_API_KEY"):
        return "offline"
    return ENVIRONMENT[wanted]


@contextmanager
def folders_inside(run_dir: Path) -> Iterator[None]:
    """W&B's folders and its silence, set for the time of a call and put back after it."""
    inside = {name: str(run_dir / ".wandb") for name in FOLDERS} | {"WANDB_DIR": str(run_dir), "WANDB_SILENT": "true"}
    before = {name: os.environ.get(name) for name in inside}
    os.environ.update(inside)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
