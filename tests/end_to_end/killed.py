"""Commands that are killed (SIGKILL): after some seconds, or in front of the so-manieth change of a file.

Each runs in a fork of the test's own process, which has imported everything and is warm: what is left of its time is work.
"""

import os
import signal
import sys
import time
from functools import cache
from pathlib import Path

import torch

from tests.end_to_end.folder_contents import answers

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
"""Audit events of what changes names; files that are opened to be written count too, and temporary ones when they are read."""
PATIENCE = 120
"""Seconds after which a process is killed that was to be killed at a change of a file."""


class _Listener:
    """Counts what the process does to files under a folder; in front of number `last` it calls `at_last`."""

    def __init__(self):
        self.folder, self.last, self.at_last, self.count = "", None, None, 0
        sys.addaudithook(self._hear)

    def listen(self, folder, last=None, at_last=None):
        self.folder, self.last, self.at_last, self.count = str(folder), last, at_last, 0

    def _hear(self, event, args):
        if not self.folder or (event != "open" and event not in CHANGES):
            return
        path = args[0]
        if not isinstance(path, str | os.PathLike):
            return
        path = os.path.abspath(path)
        written = event != "open" or args[2] & (os.O_WRONLY | os.O_RDWR) or path.endswith(".tmp")
        if not written or not path.startswith(self.folder):
            return
        if self.count == self.last:
            self.at_last()
        self.count += 1


@cache
def listener():
    """The process's one listener: a hook cannot be taken away again."""
    return _Listener()


def perform(words, folder):
    """A command, or a function of this module that a first word ``python`` names: status, and all it said."""
    if words[0] == "python":
        globals()[words[1]](*(Path(folder, word) for word in words[2:]))
        return 0, ""
    ((answer, _),) = answers([words], folder)
    return answer.status, answer.out + answer.err


def save_half(source, folder):
    """Python's way of saving: half of an edit that lies in one folder into another."""
    from erasepro import Edit

    Edit.load(source).scale(0.5).save(folder)


def measure(words, folder):
    """Runs a command undisturbed: its seconds, and how many changes of files it makes."""
    listener().listen(folder)
    began = time.perf_counter()
    status, text = perform(words, folder)
    seconds, count = time.perf_counter() - began, listener().count
    listener().listen("")
    assert status == 0, text
    return seconds, count


def kill_at(words, folder, rng, seconds, count):
    """Kills a command at a random moment: of its time, or, twice as often, of its changes of files. In words, when."""
    timed = rng.random() < 1 / 3
    change, moment = (None, rng.uniform(0, seconds)) if timed else (rng.randrange(count), PATIENCE)
    process = os.fork()
    if process == 0:
        try:
            torch.set_num_threads(1)  # a pool of threads does not outlive a fork
            listener().listen(folder, change, lambda: os.kill(os.getpid(), signal.SIGKILL))
            perform(words, folder)
        finally:
            os._exit(0)
    end = time.perf_counter() + moment
    while time.perf_counter() < end and os.waitpid(process, os.WNOHANG)[0] == 0:
        time.sleep(0.002)
    _end(process)
    return f"after {moment:.2f} s" if timed else f"in front of change {change} of {count}"


def _end(process):
    try:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):  # it has ended, and was waited for
        pass
