"""``erasepro study NAME``: make the runs of a study that are missing, and print its tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, visible
from erasepro.runtime.progress import stage

if TYPE_CHECKING:
    from erasepro.study.cells import Cell
    from erasepro.study.study_file import Study
    from erasepro.study.study_folder import StudyFolder, StudyPlan

KEYS = ("plan", "workers", "out", "fail_fast")
"""What the verb takes beside the config's keys."""


def command(words: Sequence[str]) -> int:
    """``erasepro study NAME [key=value …] [plan=true] [workers=N] [out=FOLDER] [fail_fast=true]``.

    The same command goes on with a study that was stopped, tries again what failed, and prints the tables of what is done.
    ``plan=true`` tells runs, images, time, memory and disk, and makes none.

    Returns 0; 2 where runs failed.
    """
    if not words or "=" in words[0]:
        from erasepro.study.study_file import studies

        raise UserError(f"study takes the name of one, or its yaml file: erasepro study {'|'.join(studies())}.")
    own = own_options(words[1:], KEYS)
    workers = own.get("workers", "1")
    if not workers.isdecimal() or not 1 <= int(workers) <= 1000:
        raise UserError(f"Bad value for 'workers': got {workers!r}, allowed: whole numbers from 1 to 1000.")
    is_plan, fail_fast = (read_flag(own, key) for key in ("plan", "fail_fast"))
    overrides = [word for word in words[1:] if word.partition("=")[0] not in KEYS]
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            raise UserError(f"{word!r} is neither key=value nor the study's name, which comes first and alone.")
    from erasepro.study.cells import cells_of, restrict
    from erasepro.study.study_file import load_study

    study = load_study(words[0])
    cells = cells_of(study, overrides)
    study, _ = restrict(study, overrides)
    if is_plan:
        return show_plan(study, cells)
    plan = plan_of(study, cells)
    from erasepro.study.study_folder import StudyFolder

    outputs = check_first(cells)
    place = Path(own["out"]).expanduser() if own.get("out") else outputs / f"{study.name.replace('/', '-')}-{plan.id}"
    folder = StudyFolder.create(place, plan)
    folder.forget_failures()
    missing = [cell for cell in cells if not folder.is_settled(cell)]
    count = "1 run" if len(cells) == 1 else f"{len(cells):,} runs"
    print(visible(f"Study {study.name}: {count}, {len(missing):,} to make → {place}"), flush=True)
    if missing:
        make(folder, min(int(workers), len(missing)), fail_fast)
    return show(folder)


def make(folder: StudyFolder, workers: int, fail_fast: bool) -> None:
    """Make the runs that are missing, with other processes of this machine."""
    with stage("Loading libraries", announced=False):
        from erasepro.study.launch import more_workers, worker_environment
        from erasepro.study.workers import Worker
    if workers > 1:
        os.environ.update(worker_environment(os.environ, 0, workers))
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    with more_workers(folder.path, workers - 1, fail_fast):
        Worker(folder, fail_fast, print_line).work()


def check_first(cells: Sequence[Cell]) -> Path:
    """The folder of the runs, by the first of them. Raises UserError for what would be refused in every run."""
    from erasepro.runs.resolve import resolve

    return Path(resolve(cells[0].words).outputs.dir)


def plan_of(study: Study, cells: Sequence[Cell]) -> StudyPlan:
    """What the study's folder keeps of it."""
    from erasepro.study.study_folder import StudyPlan

    return StudyPlan(study.name, tuple(cells), tuple(study.tables), tuple(study.rows), study.sort, os.getcwd())


def show_plan(study: Study, cells: Sequence[Cell]) -> int:
    """Print what each run, and all of them, would do and take. Returns 0, or 2 where a run would be refused."""
    from erasepro.cli.sweep_list import plan_lists

    axes = "; ".join(f"{axis.name}: {', '.join(axis.values)}" for axis in study.axes)
    print(visible(f"Study {study.name}\n  {axes}"))
    return plan_lists([list(cell.words) for cell in cells], [cell.shown for cell in cells], brief=True)


def show(folder: StudyFolder) -> int:
    """Print the tables of the runs that are done, and what failed. Returns 0; 2 where runs failed."""
    from erasepro.results.results_json import Results
    from erasepro.study.study_tables import study_tables, study_tests

    done = [(cell, path, Results.load(path / "results.json")) for cell, path in folder.finished()]
    runs = [(cell, results) for cell, _, results in done]
    print()
    for table in [*study_tables(folder.plan, runs), *study_tests(folder.plan, done)] if runs else []:
        print(table.text())
    failures = folder.failures()
    for cell, outcome in failures:
        print(visible(f"erasepro: failed: {cell.shown}: {outcome.error}"), file=sys.stderr)
    left = len(folder.plan.cells) - len(runs) - len(failures)
    if left:
        of = f"{left:,} of {len(folder.plan.cells):,} runs"
        print(f"erasepro: {of} are not made yet; the same command goes on.", file=sys.stderr)
    return 2 if failures or left else 0


def print_line(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def read_flag(own: Mapping[str, str], key: str) -> bool:
    """A word of the verb that is true or false."""
    value = own.get(key, "false")
    if value not in ("true", "false"):
        raise UserError(f"Bad value for {key!r}: got {value!r}, allowed: true, false.")
    return value == "true"
