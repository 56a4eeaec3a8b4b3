"""Commands that are killed (SIGKILL): after some seconds, or in front of the so-manieth change of a file."""

import os
import signal
import sys
import time
from pathlib import Path

from tests.end_to_end.processes import command, start

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
"""Audit events of what changes names; files that are opened to be written count too, and temporary ones when they are read."""


class _Counter:
    """Counts what the process does to files under a folder; in front of number `last` it calls `at_last`."""

    def __init__(self, folder, last=None, at_last=None):
        self.folder, self.last, self.at_last, self.count = str(folder), last, at_last, 0
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if event == "open":
            path, _, flags = args
            counts = isinstance(path, str | os.PathLike) and (
                flags & (os.O_WRONLY | os.O_RDWR) or str(path).endswith(".tmp")
            )
        elif event in CHANGES:
            path, counts = args[0], True
        else:
            return
        path = os.fspath(path) if counts and isinstance(path, str | os.PathLike) else ""
        if not path or not os.path.abspath(path).startswith(self.folder) or path.endswith(".log"):
            return
        if self.count == self.last:
            self.at_last()
        self.count += 1


def counted(words, folder, *logs):
    """In the child: the command, then how many changes of files it made, in `changes.log`."""
    counter, leave = _Counter(folder), os._exit

    def note(status):
        Path(folder, "changes.log").write_text(str(counter.count))
        leave(status)

    os._exit = note
    dispatch(words, folder, *logs)


def stopped(words, folder, *logs):
    """In the child: the command, killed in front of the change of a file that the first word gives the number of."""
    _Counter(folder, int(words[0]), lambda: os.kill(os.getpid(), signal.SIGKILL))
    dispatch(words[1:], folder, *logs)


def dispatch(words, folder, *logs):
    """A command, or a function of this module that a first word ``python`` names."""
    if words[0] != "python":
        command(words, folder, *logs)
    os.chdir(folder)
    globals()[words[1]](*words[2:])
    os._exit(0)


def save_half(source, folder):
    """Python's way of saving: half of an edit that lies in one folder into another."""
    from erasepro import Edit

    Edit.load(source).scale(0.5).save(folder)


def call_any(words, folder, target=None):
    """Runs a command or a function to its end; its exit status, and what it printed."""
    process = start(words, folder, "out.log", target=target or dispatch)
    process.join(300)
    log = Path(folder, "out.log")
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    log.unlink(missing_ok=True)
    return process.exitcode, text


def measure(words, folder):
    """Runs a command undisturbed: its seconds, and how many changes of files it makes."""
    began = time.perf_counter()
    status, text = call_any(words, folder, counted)
    seconds = time.perf_counter() - began
    assert status == 0, text
    changes = Path(folder, "changes.log")
    count = int(changes.read_text())
    changes.unlink()
    return seconds, count


def kill_at(words, folder, rng, seconds, count):
    """Kills a command at a random moment: of its time, or, twice as often, of its changes of files. In words, when."""
    if rng.random() < 1 / 3:
        moment = rng.uniform(0, seconds)
        process = start(words, folder, "out.log", target=dispatch)
        process.join(moment)
        process.kill()
        process.join()
        when = f"after {moment:.2f} s"
    else:
        change = rng.randrange(count)
        status, text = call_any([str(change), *words], folder, stopped)
        assert status in (-signal.SIGKILL, 0), text
        when = f"in front of change {change} of {count}"
    Path(folder, "out.log").unlink(missing_ok=True)
    return when
