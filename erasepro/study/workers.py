"""Processes that make the runs of a study: each claims a run, makes it, records what became of it, and takes the next.

They may come and go on one machine or on several that share the disk. A run that a dead process was at is claimed by another,
which goes on where the run stopped; nothing is made twice at a time.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TextIO

from erasepro.errors import UserError, visible
from erasepro.results.run_folder import RunFolder
from erasepro.runs.finished_command import mark_run
from erasepro.runs.model_shelf import ModelShelf
from erasepro.runs.resolve import resolve
from erasepro.runs.run import run
from erasepro.runs.spec import RunSpec
from erasepro.runs.watched_files import code_places, input_places, is_as_watched, watch
from erasepro.runtime.lock import HeldError
from erasepro.study.cells import Cell
from erasepro.study.outcome import DONE, FAILED, Outcome
from erasepro.study.study_folder import StudyFolder, now, worker_name

POLL_SECONDS = 2.0
"""Between two looks at runs that other processes are at."""


class Worker:
    """One process's part in a study.

    Args:
        folder: the study's.
        fail_fast: begin no run once one has failed.
        tell: takes a line for each run that has ended.
        shelf: of the models of this process's runs.
    """

    def __init__(
        self, folder: StudyFolder, fail_fast: bool = False, tell: Callable[[str], None] = print, shelf: ModelShelf | None = None
    ) -> None:
        self.folder, self.fail_fast, self.tell = folder, fail_fast, tell
        self.shelf = shelf or ModelShelf()
        self.made = 0
        """Runs that this worker has ended."""

    def work(self, wait: bool = True) -> None:
        """Make runs until none is left.

        Args:
            wait: until other processes have ended theirs, so that those of a process that dies are made; else return when
                nothing can be claimed.
        """
        cells = self.folder.plan.cells
        while True:
            open_cells = [cell for cell in cells if not self.folder.is_settled(cell)]
            if not open_cells or (self.fail_fast and self.folder.failures()):
                return
            made = sum(self._attempt(cell) for cell in open_cells if not self._is_stopped())
            if not made:
                if not wait:
                    return
                time.sleep(POLL_SECONDS)

    def make_only(self, number: int) -> None:
        """Make one run, unless it is settled or another process is at it.

        Args:
            number: of the run, from 1.
        """
        cell = self.folder.plan.cells[number - 1]
        if not self.folder.is_settled(cell) and not self._is_stopped():
            self._attempt(cell)

    def _is_stopped(self) -> bool:
        return self.fail_fast and bool(self.folder.failures())

    def _attempt(self, cell: Cell) -> bool:
        """Make a run, if it can be claimed and is still to be made; whether it was made."""
        lease = self.folder.lease(cell)
        if not lease.take():
            return False
        try:
            if self.folder.is_settled(cell):  # by another process, between the look and the claim
                return False
            outcome = self._make(cell)
            if outcome is None or not lease.is_own:  # taken for dead meanwhile: who took it over records it
                return False
            self.folder.end(cell, outcome)
            self.made += 1
            self._say(cell, outcome)
            return True
        finally:
            lease.release()

    def _make(self, cell: Cell) -> Outcome | None:
        """Make one run; None where another process holds its folder: a run that two studies, or two cells, share."""
        start = time.perf_counter()
        state, place, error = DONE, "", ""
        marks: tuple[tuple[str, str, str], ...] = ()
        content = ""
        with self.folder.log(cell).open("w", encoding="utf-8") as log, redirect_stdout(_Log(log)):
            try:
                before = watch(code_places())
                spec = self._quiet_spec(resolve(cell.words))
                inputs = input_places(spec)
                before = [] if inputs is None else before + watch(inputs)
                with self.shelf.in_use():
                    results = run(spec)
                path = RunFolder(spec.outputs.dir, results.name, results.signature).path
                place = self.folder.relative(path)
                if before and is_as_watched(before):
                    marks = tuple((kind, where, mark) for kind, where, mark in before)
                    content = mark_run(path)
            except HeldError:
                return None
            except UserError as reason:
                state, error = FAILED, str(reason)
            except Exception as reason:  # the other runs are still made, and this one's folder says more
                state, error = FAILED, f"{type(reason).__name__}: {reason}"
            if error:
                print(error)
        return Outcome(
            state, cell.words, place, " ".join(error.split()), time.perf_counter() - start, worker_name(), now(), marks, content
        )

    def _quiet_spec(self, spec: RunSpec) -> RunSpec:
        """Stages have bars on a terminal, and no lines elsewhere: a line tells of each run."""
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        return replace(spec, outputs=replace(spec.outputs, progress=spec.outputs.progress and is_terminal))

    def _say(self, cell: Cell, outcome: Outcome) -> None:
        head = f"[{cell.number} of {len(self.folder.plan.cells)}] {cell.shown}"
        if outcome.state == FAILED:
            print(visible(f"erasepro: error: {head}: {outcome.error}"), file=sys.stderr, flush=True)
        else:
            self.tell(visible(f"{head}: {outcome.seconds:.0f} s → {self.folder.run_folder(outcome)}"))


class _Log(io.TextIOBase):
    """What is printed, in a file at once, so that a run can be followed."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def write(self, text: str) -> int:
        self.file.write(text)
        self.file.flush()
        return len(text)

    def flush(self) -> None:
        self.file.flush()
