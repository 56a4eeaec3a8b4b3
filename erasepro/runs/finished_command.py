"""The results of a command that was given before, printed again without the libraries that a run needs.

When a run has ended, and every check of a finished run has passed, a hash of the bytes in its folder is kept beside what the
command hung on (`command_record`). With all of that as it was, the same command would compute the same signature and pass the
same checks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from erasepro.report.heading import printed
from erasepro.report.show import show
from erasepro.results.results_json import Results
from erasepro.runs.command_record import UNREADABLE, CommandRecord
from erasepro.runtime.file_marks import mark_folder

DECIDES_NOTHING = (".lock.guard", "grid.png", "tables.md", "tables.txt", "wandb")
"""What lies in a run's folder and is not looked at to tell whether the run is finished."""
DONE_BEFORE = "Done before; these are its results."


class FinishedCommand(CommandRecord):
    """The record of a command that makes a run.

    Args:
        words: the command's.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__("finished", words)
        self.notes: list[str] = []
        """What was said of the words on the side."""

    def reprint(self) -> bool:
        """Print the results of the run that the command made, where nothing has changed since; whether that was so."""
        try:
            record = self.read()
            if not record:
                return False
            run = Path(record["run"])
            if mark_run(run) != record["content"]:
                return False
            results = Results.load(run / "results.json")
            heading, notes = str(record["heading"]), list(record["notes"])
        except UNREADABLE:
            return False
        for note in notes:
            print(note, file=sys.stderr)
        print(f"{printed(heading)}\n{DONE_BEFORE}\n")
        show(results, run)
        return True

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
        with suppress(*UNREADABLE):
            if self.is_unchanged():
                states, content = mark_run(run, large=0), mark_run(run)
                if is_finished() and states == mark_run(run, large=0):
                    self.write({"run": str(run), "heading": heading, "notes": self.notes, "content": content})


_AT_WORK: ContextVar[FinishedCommand | None] = ContextVar("_AT_WORK", default=None)


def command_at_work() -> FinishedCommand | None:
    """The command whose run is being made; None where a run is made by other means, whose results are not kept."""
    return _AT_WORK.get()


def mark_run(run: Path, large: float = math.inf) -> str:
    """Hash of the bytes (``large=0``: of the states) of all files that a run made."""
    return mark_folder(run, without=DECIDES_NOTHING, large=large)
