"""A tracker's own process: messages go to it through a pipe, and nothing that happens there can hold the run up."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

END = None
"""Behind the last message."""


class TrackerProcess:
    """``python -m module PID``, which reads one JSON message a line and answers with one line a thing it has to tell.

    `send` returns at once, whatever the process does. The process is in a session of its own: Ctrl-C reaches the run alone,
    which then closes it; where the run is killed, its pipe ends, which tells the process.
    """

    def __init__(self, module: str, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(sys.path)  # what this process imports, that one can
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(os.getpid())],  # -P: a folder named like a library is none
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )
        self._messages: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a message, which must be of JSON values; anything else in it becomes text."""
        self._messages.put(json.dumps(message, default=str) + "\n")

    def next_line(self) -> str | None:
        """The next line that the process has to tell, or None."""
        with suppress(queue.Empty):
            return self._answers.get_nowait()
        return None

    @property
    def status(self) -> int | None:
        """The exit status of the process; None while it lives."""
        return self._process.poll()

    def close(self, shutdown_timeout: float) -> bool:
        """End the messages, and wait for the process to end.

        Returns False where that takes longer than ``shutdown_timeout`` seconds: the process is killed then, with every process
        that it started.
        """
        self._messages.put(END)
        try:
            self._process.wait(shutdown_timeout)
            for thread in self._threads:
                thread.join(1)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            if self._process.poll() is None:  # too late, or Ctrl-C while waiting
                self._kill()

    def _kill(self) -> None:
        import psutil

        with suppress(psutil.Error):
            own = psutil.Process(self._process.pid)
            for process in [own, *own.children(recursive=True)]:  # in sessions of their own: no one signal reaches all
                with suppress(psutil.Error):
                    process.kill()
        self._process.wait(5)

    def _write(self) -> None:
        pipe = self._process.stdin
        with suppress(OSError, ValueError):  # a process that has ended reads no more: ``status`` says so
            while (message := self._messages.get()) is not END:
                pipe.write(message.encode())  # type: ignore[union-attr]
                pipe.flush()  # type: ignore[union-attr]
        with suppress(OSError):
            pipe.close()  # type: ignore[union-attr]

    def _read(self) -> None:
        with self._process.stdout as pipe:  # type: ignore[union-attr]
            for line in pipe:
                self._answers.put(line.decode(errors="replace").strip())
