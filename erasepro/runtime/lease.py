"""A piece of work claimed by one of many processes, on one machine or on several that share a disk.

A claim is a file ``<name>.<generation>`` that is made with its content in one step (a hard link), which no two processes can
both do. Whoever is gone is not deleted but outdone: the next takes the generation after. So there is no moment in which a claim
that somebody has just renewed is removed, and a process that slept through its own replacement can see that it was replaced.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from erasepro.runtime.heartbeat import SILENT_SECONDS, Heartbeat, seconds_silent
from erasepro.runtime.lock import describe_self, is_alive, parse_holder


class Lease:
    """The claim to one piece of work.

    Args:
        folder: of all claims; made where it is missing.
        name: of the work: letters, digits, ``_`` and ``-``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._own: Path | None = None
        self._token = uuid.uuid4().hex  # generations begin anew once the work was let go: a name alone could come again
        self._heartbeat: Heartbeat | None = None

    def take(self) -> bool:
        """Claim the work; False where a process that lives holds it, or was quicker."""
        self.folder.mkdir(parents=True, exist_ok=True)
        generation, newest = self._newest() or (0, None)
        if newest is not None and _is_held(newest):
            return False
        path = self.folder / f"{self.name}.{generation + 1}"
        if not _make(path, {**describe_self(), "token": self._token}):
            return False
        self._own, self._heartbeat = path, Heartbeat(path)
        self._heartbeat.start()
        return True

    @property
    def is_own(self) -> bool:
        """Whether this object holds the work: nobody has taken it for gone and outdone it."""
        _, newest = self._newest() or (0, None)
        return self._own is not None and newest == self._own and (_read(newest) or {}).get("token") == self._token

    def release(self) -> None:
        """Let the work go. Older generations are removed, and then the own one, so that no older one is ever the newest."""
        if self._own is None:
            return
        assert self._heartbeat is not None
        self._heartbeat.stop()
        if self.is_own:
            for _, path in sorted(self._generations()):
                path.unlink(missing_ok=True)
        self._own = None

    def holder(self) -> dict[str, Any] | None:
        """Who holds the work (``pid``, ``host``, ``since``); None where nobody does that lives."""
        _, newest = self._newest() or (0, None)
        return _read(newest) if newest is not None and _is_held(newest) else None

    def _generations(self) -> list[tuple[int, Path]]:
        pattern = re.compile(rf"{re.escape(self.name)}\.(\d+)")
        if not self.folder.is_dir():
            return []
        matches = [(pattern.fullmatch(entry), self.folder / entry) for entry in os.listdir(self.folder)]
        return [(int(match[1]), path) for match, path in matches if match]

    def _newest(self) -> tuple[int, Path] | None:
        return max(self._generations(), default=None)


def _read(path: Path) -> dict[str, Any] | None:
    """Who a claim names; None where it was released meanwhile, or does not name a process."""
    with suppress(OSError, ValueError):
        return parse_holder(json.loads(path.read_text(encoding="utf-8")))
    return None


def _is_held(path: Path) -> bool:
    """Whether a claim is that of a live process. One that names nobody, being written or damaged, holds for a while."""
    holder = _read(path)
    if holder is not None:
        return is_alive(holder, path)
    with suppress(OSError):
        return seconds_silent(path) < SILENT_SECONDS
    return False


def _make(path: Path, content: dict[str, Any]) -> bool:
    """Make a file with its content in one step; False where there is one already."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".claim-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # a disk without hard links: the name is taken in one step, and its content follows
            with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
                json.dump(content, file)
                return True
            return False
    finally:
        os.unlink(temporary)
    return True
