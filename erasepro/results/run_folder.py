"""A run's folder: signature, lock, status, stage markers.

The folder is ``<outputs>/<name>-<first 8 of the signature>/``. The signature is a hash of everything that can change
the result, so the same job finds its own folder again and goes on where it stopped.

A stage marker carries a digest of its content (``runtime.sealed_json``). One that is damaged, was changed by hand or is of
before there were digests counts as absent: its stage is done again, with a line that says so.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from erasepro.errors import OutOfSpace, UserError
from erasepro.runtime.files import read_dict, write_json
from erasepro.runtime.lock import Lock, read_holder
from erasepro.runtime.meter import Meter
from erasepro.runtime.sealed_json import read_sealed, write_sealed
from erasepro.runtime.temporaries import remove_temporaries

STAGES: dict[str, int] = {"edit": 1, "originals": 1, "images": 1, "scores": 1}
"""Version of each stage's code. Raise one when its results change, and no stale result is ever reused."""

RESULTS_VERSION = 3
"""Version of ``results.json``'s layout."""

WITHOUT_WORK = ("config.yaml", "command.json", "status.json", "lock.json", ".lock.guard")
"""Files of a folder that are there before anything is computed."""

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
        self._keeps_markers = False  # of stages that are done again, until they have ended

    @classmethod
    def at(cls, path: Path, signature: str) -> RunFolder:
        """The run that lies in a folder already."""
        run = cls(path.parent, path.name, signature)
        run.path = path
        return run

    @contextmanager
    def locked(self) -> Iterator[RunFolder]:
        """Hold the run: status ``running``, then ``done``, ``failed`` or ``interrupted``.

        A user's mistake leaves no folder that was made here and holds nothing yet.
        """
        made = [path for path in (self.path, *self.path.parents) if not path.exists()]  # deepest first
        self.path.mkdir(parents=True, exist_ok=True)
        with Lock(self.path / "lock.json"):
            remove_temporaries(self.path.rglob(".*.tmp"))  # whoever wrote them is dead: the lock is held
            self._put_markers_back()
            self.status("running")
            try:
                yield self
            except KeyboardInterrupt:
                self._last_words("interrupted", "stopped by hand; the same command resumes")
                raise
            except BaseException as error:
                self._last_words("failed", f"{type(error).__name__}: {error}")
                if isinstance(error, UserError) and not isinstance(error, OutOfSpace):
                    self._remove_unused(made)
                raise
            self.status("done")

    def settle(self) -> None:
        """Take away what a process left that was killed behind its last stage: its lock, and a status of a run at work."""
        lock = self.path / "lock.json"
        with suppress(OSError, UserError):  # a finished run on a read-only disk can still be read
            state = read_dict(self.path / "status.json").get("state")
            if (state != "done" or lock.exists()) and read_holder(lock) is None:
                with self.locked():
                    pass

    @contextmanager
    def reopened(self) -> Iterator[RunFolder]:
        """Hold a run that has ended, to add to it. Its status stays, and so do its stages where that fails or is killed.

        A marker is renamed while its stage is done again, and renamed back where that fails: a full disk lets nothing be
        written, but renamed.
        """
        with Lock(self.path / "lock.json"):
            self._put_markers_back()
            self._keeps_markers = True
            try:
                yield self
            finally:
                self._keeps_markers = False
                with suppress(OSError):
                    self._put_markers_back()

    def _put_markers_back(self) -> None:
        """Undo the renaming of markers whose stages were not ended again (see `reopened`)."""
        for name in STAGES:
            kept = self._kept_marker(name)
            if self.marker(name).exists():
                kept.unlink(missing_ok=True)
            elif kept.exists():
                os.replace(kept, self.marker(name))

    def _remove_unused(self, made: Sequence[Path]) -> None:
        """Remove folders (deepest first) that this command made, if the run's is among them and holds no work."""
        if self.path not in made:
            return
        files = [path for path in self.path.rglob("*") if path.is_symlink() or not path.is_dir()]
        if any(path.name not in WITHOUT_WORK and not path.name.endswith(".partial.json") for path in files):
            return
        with suppress(OSError):  # somebody else's file may have come: then the folder stays
            for path in files:
                path.unlink()
            for folder in (*sorted(self.path.rglob("*"), reverse=True), *made):
                folder.rmdir()

    def _last_words(self, state: str, reason: str) -> None:
        with suppress(OSError, UserError):  # a full disk, or a folder in a file's place, must not hide the first error
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

    def _kept_marker(self, stage: str) -> Path:
        return self.path / ".stages" / f"{stage}.kept.json"

    def _content(self, stage: str) -> dict[str, Any]:
        """What a sound marker holds; empty where there is none."""
        return read_sealed(self.marker(stage))[0]

    def is_done(self, stage: str) -> bool:
        """True when the stage ended, under this signature and this version of its code."""
        marker = self._content(stage)
        return (marker.get("signature"), marker.get("version")) == (self.signature, STAGES[stage])

    @contextmanager
    def stage(self, name: str, resumes: bool = False) -> Iterator[dict[str, Any]]:
        """Time a stage and mark it done at its end. The yielded dict is stored in the marker (``facts``).

        ``resumes``: the stage goes on where it was stopped, so the seconds it spent before count too.
        """
        facts: dict[str, Any] = {}
        marker, problem = read_sealed(self.marker(name))
        if problem:
            print(f"erasepro: {str(self.marker(name))!r} {problem}: the stage is done again.", file=sys.stderr)
        partial = self.path / ".stages" / f"{name}.partial.json"
        before = read_sealed(partial)[0] or (marker if self.is_done(name) else {})
        earlier = _number(before.get("seconds")) if resumes else 0.0
        if self._keeps_markers and marker:
            os.replace(self.marker(name), self._kept_marker(name))
        self.marker(name).unlink(missing_ok=True)  # a stage that is done again is not done until it ends
        meter = Meter()
        try:
            with meter:
                yield facts
        except BaseException:
            with suppress(OSError, UserError):
                write_sealed(partial, {"seconds": earlier + meter.seconds})
            raise
        record = meter.record()
        record["seconds"] += earlier
        write_sealed(
            self.marker(name), {"signature": self.signature, "version": STAGES[name], **record, "facts": facts}
        )
        partial.unlink(missing_ok=True)

    def records(self) -> dict[str, dict[str, float]]:
        """Seconds and peak memory of each finished stage."""
        markers = {name: self._content(name) for name in STAGES}
        keys = ("seconds", "peak_mib", "peak_gpu_mib")
        return {name: {k: _number(value[k]) for k in keys if k in value} for name, value in markers.items() if value}

    def facts(self, stage: str) -> dict[str, Any]:
        """What a finished stage stored about itself; empty where it has not ended."""
        facts = self._content(stage).get("facts")
        return facts if isinstance(facts, dict) else {}


def check_signature(path: Path, signature: str) -> None:
    """Raise UserError where a folder's ``status.json`` is of another run than results with this signature.

    A folder without it passes: results are handed on alone.
    """
    stated = read_dict(path / "status.json").get("signature")
    if isinstance(stated, str) and stated != signature:
        raise UserError(
            f"status.json in {str(path)!r} is of another run than results.json, or was changed by hand: put the file back "
            "as it was, or run the run's own command again."
        )
