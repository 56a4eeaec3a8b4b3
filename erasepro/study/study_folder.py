"""A study's folder: the list of its runs, who is at which, and what became of each.

    study.json     the plan, sealed: axes, tables, rows, and the command of every run
    claims/        a file for each run that a process is at (`runtime.lease`)
    runs/          a sealed file for each run that has ended: its folder, or its error
    logs/          what each run printed

The runs' own folders lie in outputs.dir as always, so that studies share runs.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.runtime.files import digest
from erasepro.runtime.lease import Lease
from erasepro.runtime.sealed_json import read_sealed, write_sealed
from erasepro.study.cells import Cell
from erasepro.study.outcome import DONE, FAILED, Outcome

PLAN = "study.json"
FORMAT = 1
T = TypeVar("T")


@dataclass(frozen=True)
class StudyPlan:
    """What a study's folder was made for."""

    name: str
    cells: tuple[Cell, ...]
    tables: tuple[str, ...]
    rows: tuple[str, ...]
    sort: str
    directory: str
    """Where the runs' commands are given: names of files in them hang on it."""
    figures: tuple[tuple[str, str], ...] = ()
    """Kinds of figures, each with its x axis."""
    published: Mapping[str, Any] = field(default_factory=dict)
    """What a paper states, as the study's file says it."""
    command: str = ""
    """What a reader gives to make it again, without where its files go; "" where that is not known."""

    @property
    def id(self) -> str:
        """Of the name and of the runs' commands: 8 hex digits."""
        return digest([self.name, [list(cell.words) for cell in self.cells], list(self.rows), list(self.tables)])[:8]

    def by_table(
        self, runs: Iterable[T], labels: Callable[[T], Mapping[str, str]], along: Collection[str] = ()
    ) -> dict[str, list[T]]:
        """The runs of each table, in the order in which they stand; the tables' heads are as "templates blind, concepts 5".

        Args:
            labels: a run's label on each axis.
            along: axes whose values stay together, as those that a figure is drawn along.
        """
        groups: dict[str, list[T]] = {}
        for run in runs:
            known = labels(run)
            head = ", ".join(f"{axis} {known[axis]}" for axis in self.tables if axis not in along)
            groups.setdefault(head, []).append(run)
        return groups


class StudyFolder:
    """The folder of one study, which any number of processes work in.

    Args:
        path: of the folder; `create` makes it.

    Raises:
        UserError: there is no study in it, or its plan is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan = _read_plan(path)
        self._seen: dict[tuple[str, str], bool] = {}
        self._settled: set[int] = set()

    @classmethod
    def create(cls, path: Path, plan: StudyPlan) -> StudyFolder:
        """The folder with this plan, made where it is missing. Raises UserError where another study lies in it."""
        if (path / PLAN).exists():
            folder = cls(path)
            if folder.plan.id != plan.id:
                raise UserError(f"{str(path)!r} holds another study ({folder.plan.name}): give another out=FOLDER.")
            if folder.plan != plan:  # how its tables look, or where its commands are given
                write_sealed(path / PLAN, {**asdict(plan), "format": FORMAT})
                return cls(path)
            return folder
        if path.is_dir() and any(path.iterdir()):
            raise UserError(f"{str(path)!r} holds something else: give another out=FOLDER.")
        path.mkdir(parents=True, exist_ok=True)
        write_sealed(path / PLAN, {**asdict(plan), "format": FORMAT})
        return cls(path)

    def enter(self) -> None:
        """Change to where the runs' words mean what they meant when the study was made, if that is there."""
        if os.path.isdir(self.plan.directory):
            os.chdir(self.plan.directory)

    def lease(self, cell: Cell) -> Lease:
        """The claim to a run."""
        return Lease(self.path / "claims", cell.name)

    def log(self, cell: Cell) -> Path:
        """Where a run's own output goes."""
        path = self.path / "logs" / f"{cell.name}.log"
        path.parent.mkdir(exist_ok=True)
        return path

    def outcome(self, cell: Cell) -> Outcome | None:
        """What became of a run; None where that is not known."""
        outcome = Outcome.read(self._file(cell))
        return outcome if outcome is not None and outcome.words == cell.words else None

    def run_folder(self, outcome: Outcome) -> Path:
        """The folder of a run that is done."""
        return Path(os.path.normpath(self.path / outcome.run))

    def end(self, cell: Cell, outcome: Outcome) -> None:
        """Record what became of a run."""
        self._file(cell).parent.mkdir(exist_ok=True)
        outcome.write(self._file(cell))

    def is_settled(self, cell: Cell) -> bool:
        """Whether nothing has to be done for a run: it failed in this round, or it is done by today's code and files."""
        if cell.number in self._settled:
            return True
        outcome = self.outcome(cell)
        if outcome is None:
            return False
        if outcome.state == FAILED or outcome.is_current(cell.words, self.run_folder(outcome), self._seen):
            self._settled.add(cell.number)
            return True
        return False

    def forget_failures(self) -> None:
        """Let runs that failed be tried again, but for those that a process is at."""
        for cell in self.plan.cells:
            outcome = self.outcome(cell)
            if outcome is not None and outcome.state == FAILED and self.lease(cell).holder() is None:
                self._file(cell).unlink(missing_ok=True)

    def failures(self) -> list[tuple[Cell, Outcome]]:
        """The runs that failed."""
        outcomes = [(cell, self.outcome(cell)) for cell in self.plan.cells]
        return [(cell, outcome) for cell, outcome in outcomes if outcome is not None and outcome.state == FAILED]

    def finished(self) -> list[tuple[Cell, Path]]:
        """The runs that are done, with their folders."""
        outcomes = [(cell, self.outcome(cell)) for cell in self.plan.cells]
        return [(cell, self.run_folder(o)) for cell, o in outcomes if o is not None and o.state == DONE]

    def load_finished(self) -> list[tuple[Cell, Path, Results]]:
        """The same with their results. Raises UserError for results that cannot be read."""
        return [(cell, path, Results.load(path / "results.json")) for cell, path in self.finished()]

    def relative(self, run: Path) -> str:
        """A run's folder as it is recorded: beside the study's, so that both can be moved together."""
        return os.path.relpath(run.absolute(), self.path.absolute())

    def _file(self, cell: Cell) -> Path:
        return self.path / "runs" / f"{cell.name}.json"


def is_study(path: Path) -> bool:
    """Whether a folder is a study's."""
    return (path / PLAN).is_file()


def worker_name() -> str:
    """This process, as outcomes name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def now() -> str:
    """The time, as outcomes state it."""
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _read_plan(path: Path) -> StudyPlan:
    record, problem = read_sealed(path / PLAN)
    if not record:
        if not path.is_dir():
            raise UserError(f"No folder {str(path)!r}: `erasepro study NAME` makes a study's folder and says where it lies.")
        raise UserError(
            f"{str(path / PLAN)!r} {problem}: delete the folder; its runs are kept." if problem
            else f"{str(path)!r} holds no study: `erasepro study NAME` makes a study's folder and says where it lies."
        )  # fmt: skip
    if record.get("format") != FORMAT:
        raise UserError(f"{str(path / PLAN)!r} is of another version: delete the folder; its runs are kept.")
    return StudyPlan(
        name=str(record["name"]),
        cells=tuple(_cell(cell) for cell in record["cells"]),
        tables=_texts(record["tables"]),
        rows=_texts(record["rows"]),
        sort=str(record["sort"]),
        directory=str(record["directory"]),
        figures=tuple((str(kind), str(x)) for kind, x in record.get("figures") or ()),
        published=record.get("published") or {},
        command=str(record.get("command") or ""),
    )


def _cell(record: dict[str, Any]) -> Cell:
    return Cell(int(record["number"]), {str(k): str(v) for k, v in record["labels"].items()}, _texts(record["words"]))


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))
