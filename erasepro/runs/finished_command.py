"""The results of a command that was given before, printed again without the libraries that a run needs.

When a run has ended, and every check of a finished run has passed, it is written down what the command hung on: its words, its
folder and environment, marks of the code, of the configs and of every file that its config names (`watched_files`), and a hash
of the bytes in the run's folder. The same command given again, with all of that as it was, would compute the same signature
and pass the same checks; so its results are printed at once. Whatever differs, even where it could not matter, sends the
command the long way, and so does whatever cannot be read. The records lie in the user's cache folder and may be deleted.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from erasepro.errors import UserError
from erasepro.report.show import show
from erasepro.results.results_json import Results
from erasepro.runs.watched_files import code_places, input_places, is_as_watched, loaded_places, watch
from erasepro.runtime import distributed
from erasepro.runtime.file_marks import mark_folder
from erasepro.runtime.files import digest
from erasepro.runtime.sealed_json import read_sealed, write_sealed

if TYPE_CHECKING:
    from erasepro.runs.spec import RunSpec

FORMAT = 1
LIMIT = 500
"""Records that are kept; the oldest go first."""
ENVIRONMENT = ("ERASEPRO", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HOME", "HUGGINGFACE", "TORCH_HOME", "XDG_")
"""Beginnings of the variables that decide which files are read."""
DECIDES_NOTHING = (".lock.guard", "grid.png", "tables.md", "tables.txt", "wandb")
"""What lies in a run's folder and is not looked at to tell whether the run is finished."""
ROOMS_OF_RUNS = ("concepts", "edit", "features", "generation", "linalg", "metrics", "models", "prompts", "schedules", "solvers")
"""Parts of the package that are not loaded where a command has only begun."""
LIGHT = ("erasepro.models", "erasepro.models.kinds")
"""Modules of these parts that a report loads too."""
UNREADABLE = (OSError, UserError, AttributeError, KeyError, TypeError, ValueError)
"""What damaged records, plug-ins and folders raise: the command then goes the long way, which says what is wrong."""
DONE_BEFORE = "Done before; these are its results."


_AT_WORK: ContextVar[FinishedCommand | None] = ContextVar("_AT_WORK", default=None)


class FinishedCommand:
    """What is kept of one command: ``reprint`` before anything is imported, else ``watch`` and, at the end, ``keep``.

    Args:
        words: the command's.
    """

    def __init__(self, words: Sequence[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
        facts = [FORMAT, list(words), os.getcwd(), sys.path, sys.version, sys.prefix, environment]
        self.path = user_cache_path("erasepro") / "finished" / f"{digest(facts)[:32]}.json"
        self.notes: list[str] = []
        """What was said of the words on the side."""
        self._start = time.time_ns()
        self._is_fresh = distributed.world_size() == 1 and not _has_loaded_runs()
        self._marks: list[list[str]] | None = None

    def reprint(self) -> bool:
        """Print the results of the run that the command made, where nothing has changed since; whether that was so.

        It is never so in a process that had loaded code of runs, which may have been changed in memory, before the command.
        """
        if not self._is_fresh:
            return False
        try:
            record = read_sealed(self.path)[0]
            if not record or record["format"] != FORMAT:
                return False
            run = Path(record["run"])
            if not is_as_watched(record["marks"]) or _mark_run(run) != record["content"]:
                return False
            results = Results.load(run / "results.json")
            heading, notes = str(record["heading"]), list(record["notes"])
        except UNREADABLE:
            return False
        for note in notes:
            print(note, file=sys.stderr)
        print(f"{heading}\n{DONE_BEFORE}\n")
        show(results, run)
        return True

    def watch(self, spec: RunSpec | None = None) -> None:
        """Mark the code, and the files that a run's config names, before they are read."""
        with suppress(*UNREADABLE):
            if spec is None and self._is_fresh:
                self._marks = watch(code_places())
            elif spec is not None and self._marks is not None:
                inputs = input_places(spec)
                self._marks = None if inputs is None else self._marks + watch(inputs)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The block in which the command's run is made: `command_at_work` gives this record."""
        token = _AT_WORK.set(self)
        try:
            yield
        finally:
            _AT_WORK.reset(token)

    def keep(self, run: Path, heading: str, is_finished: Callable[[], bool]) -> None:
        """Write the record of a run that has ended, unless something was changed while it ran.

        Args:
            run: its folder.
            heading: the line above its tables.
            is_finished: makes every check of a finished run.
        """
        if self._marks is None:
            return
        with suppress(*UNREADABLE):
            content = _mark_run(run)
            loaded = loaded_places()
            changed = any(os.stat(place).st_ctime_ns >= self._start for _, place in loaded)
            if changed or not is_as_watched(self._marks) or not is_finished() or content != _mark_run(run):
                return
            marks = self._marks + watch(loaded)
            facts: dict[str, Any] = {"heading": heading, "notes": self.notes, "content": content, "marks": marks}
            self._write({"format": FORMAT, "run": str(run), **facts})

    def _write(self, record: dict[str, Any]) -> None:
        write_sealed(self.path, record)
        kept = sorted(self.path.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-LIMIT]:
            path.unlink(missing_ok=True)


def command_at_work() -> FinishedCommand | None:
    """The command whose run is being made; None where a run is made by other means, whose results are not kept."""
    return _AT_WORK.get()


def _has_loaded_runs() -> bool:
    """Whether this process has loaded code that results come from."""
    above = tuple(f"erasepro.{room}" for room in (*ROOMS_OF_RUNS, "runs.resolve", "runs.run"))
    return any(name.startswith(above) and name not in LIGHT for name in list(sys.modules))


def _mark_run(run: Path) -> str:
    """Hash of the bytes of all files that a run made."""
    return mark_folder(run, without=DECIDES_NOTHING, large=math.inf)
