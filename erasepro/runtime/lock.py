"""A lock file that says who holds it: process, host, since when. One left by a dead process is taken over.

On this machine the system is asked whether the process lives; one on another machine renews the file's time while it holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.runtime.files import read_json
from erasepro.runtime.heartbeat import SILENT_SECONDS, Heartbeat, seconds_silent


class HeldError(UserError):
    """A folder that another live process holds."""


class Lock:
    """A folder held by one process, as long as the block ``with Lock(folder / "lock.json"):`` runs.

    Args:
        path: the lock file; what it locks is the folder that it lies in.
        wait: wait for another live process that holds it, in place of an error.

    Raises:
        HeldError: another live process holds the folder; it is named.
    """

    def __init__(self, path: Path, wait: bool = False) -> None:
        self.path = path
        self.wait = wait
        self._heartbeat = Heartbeat(path)

    def __enter__(self) -> Lock:
        while not self._take():
            time.sleep(1.0)
        self._heartbeat.start()
        return self

    def _take(self) -> bool:
        with self._guarded() as holder:
            if holder is not None and is_alive(holder, self.path):
                if self.wait:
                    return False
                raise HeldError(
                    f"The folder {str(self.path.parent)!r} is held by process {holder['pid']} on {holder['host']} since "
                    f"{holder['since']}. Wait for it, stop it, or delete {str(self.path)!r} if that process is gone."
                )
            self.path.write_text(json.dumps(describe_self()) + "\n", encoding="utf-8")
        return True

    def __exit__(self, *_: object) -> None:
        self._heartbeat.stop()
        if not self.path.parent.is_dir():
            return  # its holder removed the folder
        with self._guarded() as holder:
            if holder and holder["pid"] == os.getpid() and holder["host"] == socket.gethostname():
                self.path.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[dict[str, Any] | None]:
        """The present holder, read and replaced under an OS lock so that two takers cannot both win."""
        guard = os.open(self.path.with_name(".lock.guard"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield _stored_holder(self.path)
        finally:
            os.close(guard)  # releases the lock


def describe_self() -> dict[str, Any]:
    """What a lock file says of this process; ``beats``: that it renews the file's time."""
    return {
        "pid": os.getpid(),
        "started": started(os.getpid()),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "beats": True,
    }


def is_alive(holder: dict[str, Any], path: Path | None = None) -> bool:
    """False only where we can tell.

    That is: no such process on this machine (or another one under a reused number), or a process on another machine that
    renews its file and has not done so for `SILENT_SECONDS`.

    Args:
        path: the file that the holder's process renews.
    """
    if holder["host"] != socket.gethostname():
        if path is None or not holder.get("beats"):
            return True
        try:
            return seconds_silent(path) < SILENT_SECONDS
        except OSError:  # released meanwhile
            return False
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = started(int(holder["pid"]))
    return now is None or holder.get("started") in (None, now)


def started(pid: int) -> str | None:
    """When a process started, in clock ticks since boot (Linux); None elsewhere."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def read_holder(path: Path) -> dict[str, Any] | None:
    """Who holds a lock: ``pid``, ``host``, ``since``; None where nobody does that is alive, as far as can be told from here."""
    holder = _stored_holder(path)
    return holder if holder is not None and is_alive(holder, path) else None


def _stored_holder(path: Path) -> dict[str, Any] | None:
    """What a lock file says; None where there is none, or it is damaged. Raises UserError, see `files.read_json`."""
    return parse_holder(read_json(path))


def parse_holder(holder: Any) -> dict[str, Any] | None:
    """The content of a lock file; None where it does not name a process."""
    whole = isinstance(holder, dict) and {"pid", "host", "since"} <= holder.keys() and isinstance(holder["pid"], int)
    return holder if whole and 0 < holder["pid"] < 2**31 else None
