"""Signs of life of a process that holds a file: the file's time, renewed while the process works.

Other machines on a shared disk cannot ask whether a process lives; they can see whether its file was touched. Ages are told by
the disk's own clock where it can be written, so machines' clocks need not agree.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

BEAT_SECONDS = 20.0
"""Between two signs of life."""
SILENT_SECONDS = 180.0
"""Without one, a process on another machine counts as gone: nine beats, and more than a shared disk caches a file's time."""


class Heartbeat:
    """A file's time, renewed every `BEAT_SECONDS` by a thread from ``start`` to ``stop``.

    Args:
        path: the file; where it is gone, or cannot be touched for a while, the thread goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. The thread does not keep the process from ending."""
        self._end.clear()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of {self.path.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, at once; nothing where it was not begun."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _beat(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            with suppress(OSError):
                os.utime(self.path)


def seconds_silent(path: Path) -> float:
    """Seconds since a file was last touched, by the clock of its disk (by this machine's where nothing can be written there).

    Raises OSError where there is no such file.
    """
    touched = path.stat().st_mtime
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".clock-") as probe:
            now = os.fstat(probe.fileno()).st_mtime
    except OSError:
        now = time.time()
    return now - touched
