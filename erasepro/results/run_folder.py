"""A run's folder: signature, lock, status, stage markers.

The folder is ``<outputs>/<name>-<first 8 of the signature>/``. The signature is a hash of everything that can change
the result, so the same job finds its own folder again and goes on where it stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.runtime.files import read_dict, write_json, write_text
from erasepro.runtime.lock import Lock, read_holder
from erasepro.runtime.meter import Meter
from erasepro.runtime.temporaries import remove_temporaries

STAGES: dict[str, int] = {"edit": 1, "originals": 1, "images": 1, "scores": 1}
"""Version of each stage's code. Raise one when its results change, and no stale result is ever reused."""

RESULTS_VERSION = 3
"""Version of ``results.json``'s layout."""

NAME_LENGTH = 100
"""Characters of a run's name that its folder keeps; the signature tells runs apart."""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


class RunFolder:
    """One run's folder. ``path`` is where everything of the run lies.

    Use ``with run.locked(): with run.stage("edit"): …``. A second process that wants the same folder gets a UserError
    saying who holds it; a lock left by a dead process is taken over.
    """

    def __init__(self, root: Path | str, name: str, signature: str) -> None:
        self.signature = signature
        self.name = re.sub(r"[^A-Za-z0-9._+-]+", "_", name).strip("._")[:NAME_LENGTH] or "run"
        self.path = Path(root) / f"{self.name}-{signature[:8]}"

    @classmethod
    def at(cls, path: Path, signature: str) -> RunFolder:
        """The run that lies in a folder already."""
        run = cls(path.parent, path.name, signature)
        run.path = path
        return run

    @contextmanager
    def locked(self) -> Iterator[RunFolder]:
        """Hold the run: status ``running``, then ``done``, ``failed`` or ``interrupted``."""
        self.path.mkdir(parents=True, exist_ok=True)
        with Lock(self.path / "lock.json"):
            remove_temporaries(self.path.rglob(".*.tmp"))  # whoever wrote them is dead: the lock is held
            self.status("running")
            try:
                yield self
            except KeyboardInterrupt:
                self._last_words("interrupted", "stopped by hand; the same command resumes")
                raise
            except BaseException as error:
                self._last_words("failed", f"{type(error).__name__}: {error}")
                raise
            self.status("done")

    def settle(self) -> None:
        """Take away what a process left that was killed behind its last stage: its lock, and a status of a run at work."""
        state = read_dict(self.path / "status.json").get("state")
        lock = self.path / "lock.json"
        if (state != "done" or lock.exists()) and read_holder(lock) is None:
            with suppress(OSError, UserError), self.locked():  # a finished run on a read-only disk can still be read
                pass

    @contextmanager
    def reopened(self) -> Iterator[RunFolder]:
        """Hold a run that has ended, to add to it. Its status stays, and its stages too where that fails."""
        with Lock(self.path / "lock.json"):
            markers = {name: text for name in STAGES if (text := _whole_text(self.marker(name)))}
            try:
                yield self
            except BaseException:
                with suppress(OSError):
                    for name, text in markers.items():
                        write_text(self.marker(name), text)
                raise

    def _last_words(self, state: str, reason: str) -> None:
        with suppress(OSError):  # a full disk must not hide the first error
            self.status(state, error=reason)

    def status(self, state: str, **extra: Any) -> None:
        """Write ``status.json``: state, time, signature, stages done."""
        stages = [name for name in STAGES if self.is_done(name)]
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        write_json(
            self.path / "status.json",
            {"state": state, "updated": now, "signature": self.signature, "stages_done": stages, **extra},
        )

    @property
    def done(self) -> bool:
        """True when ``results.json`` is whole, of today's version, and every stage has its marker."""
        results = read_dict(self.path / "results.json")
        return results.get("version") == RESULTS_VERSION and all(self.is_done(name) for name in STAGES)

    def marker(self, stage: str) -> Path:
        """The file that is there once a stage has ended."""
        return self.path / ".stages" / f"{stage}.json"

    def is_done(self, stage: str) -> bool:
        """True when the stage ended, under this signature and this version of its code."""
        marker = read_dict(self.marker(stage))
        return (marker.get("signature"), marker.get("version")) == (self.signature, STAGES[stage])

    @contextmanager
    def stage(self, name: str, resumes: bool = False) -> Iterator[dict[str, Any]]:
        """Time a stage and mark it done at its end. The yielded dict is stored in the marker (``facts``).

        ``resumes``: the stage goes on where it was stopped, so the seconds it spent before count too.
        """
        facts: dict[str, Any] = {}
        partial = self.path / ".stages" / f"{name}.partial.json"
        before = read_dict(partial) or (read_dict(self.marker(name)) if self.is_done(name) else {})
        earlier = _number(before.get("seconds")) if resumes else 0.0
        self.marker(name).unlink(missing_ok=True)  # a stage that is done again is not done until it ends
        meter = Meter()
        try:
            with meter:
                yield facts
        except BaseException:
            with suppress(OSError):
                write_json(partial, {"seconds": earlier + meter.seconds})
            raise
        record = meter.record()
        record["seconds"] += earlier
        marker = {"signature": self.signature, "version": STAGES[name], **record, "facts": facts}
        write_json(self.marker(name), marker)
        partial.unlink(missing_ok=True)

    def records(self) -> dict[str, dict[str, float]]:
        """Seconds and peak memory of each finished stage."""
        markers = {name: read_dict(self.marker(name)) for name in STAGES}
        keys = ("seconds", "peak_mib", "peak_gpu_mib")
        return {name: {k: _number(value[k]) for k in keys if k in value} for name, value in markers.items() if value}

    def facts(self, stage: str) -> dict[str, Any]:
        """What a finished stage stored about itself; empty where it has not ended."""
        facts = read_dict(self.marker(stage)).get("facts")
        return facts if isinstance(facts, dict) else {}


def _whole_text(path: Path) -> str:
    """A file's text; "" where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
