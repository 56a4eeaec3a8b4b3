"""``erasepro study NAME``: make the runs of a study that are missing, and print its tables."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, visible
from erasepro.runtime.progress import stage

if TYPE_CHECKING:
    from erasepro.results.results_json import Results
    from erasepro.study.cells import Cell
    from erasepro.study.study_file import Study
    from erasepro.study.study_folder import StudyFolder, StudyPlan

KEYS = ("plan", "workers", "out", "fail_fast", "launcher")
"""What the verb takes beside the config's keys."""
FOR_LAUNCHERS = ("slurm.", "hydra.launcher.")
"""Beginnings of the words that go to the launcher."""


def command(words: Sequence[str]) -> int:
    """``erasepro study NAME [key=value …] [plan=true] [workers=N] [out=FOLDER] [fail_fast=true] [launcher=…]``.

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
    given = [word for word in words[1:] if word.partition("=")[0] not in KEYS]
    overrides = [word for word in given if not is_for_launcher(word)]
    launcher = Launcher(own.get("launcher", ""), [word for word in given if is_for_launcher(word)])
    launcher.check()
    if launcher.name not in ("", "slurm") and "workers" in own:
        starts = f"launcher={launcher.name}, which starts the processes"
        line = f"workers= has no effect with {starts}: it has keys of its own (joblib: hydra.launcher.n_jobs=2)."
        print(f"erasepro: note: {line}", file=sys.stderr)
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            raise UserError(f"{word!r} is neither key=value nor the study's name, which comes first and alone.")
    from erasepro.study.cells import cells_of, restrict
    from erasepro.study.study_file import load_study, studies

    study = load_study(words[0])
    study, rest = restrict(study, overrides)
    cells = cells_of(study, rest)
    if is_plan:
        return show_plan(study, cells)
    kept = [word for word in overrides if not word.startswith("outputs.")]
    name = words[0] if study.name in studies() else Path(words[0]).name
    plan = plan_of(study, cells, shlex.join(["erasepro", "study", name, *kept]))
    return carry_out(plan, own.get("out", ""), int(workers), fail_fast, launcher)


def carry_out(plan: StudyPlan, out: str, workers: int, fail_fast: bool, launcher: Launcher) -> int:
    """Make the runs of a plan that are missing, and print the tables. Returns as `command` does.

    Args:
        out: the study's folder; "": beside its runs, named by the plan.
    """
    from erasepro.study.study_folder import StudyFolder

    outputs = check_first(plan.cells)
    place = Path(out).expanduser() if out else outputs / f"{plan.name.replace('/', '-')}-{plan.id}"
    folder = StudyFolder.create(place, plan)
    folder.forget_failures()
    missing = [cell for cell in plan.cells if not folder.is_settled(cell)]
    count = "1 run" if len(plan.cells) == 1 else f"{len(plan.cells):,} runs"
    print(visible(f"Study {plan.name}: {count}, {len(missing):,} to make → {place}"), flush=True)
    if missing and launcher.name == "slurm":
        from erasepro.study.slurm_script import write_slurm_script

        script = write_slurm_script(place, plan.name, plan.directory, workers, launcher.options)
        print(f"sbatch {shlex.quote(str(script))}")
        return 0
    if missing and launcher.name:
        with stage("Loading libraries", announced=False):
            from erasepro.study.hydra_jobs import launch
        launch(folder, launcher.name, launcher.words, fail_fast)
    elif missing:
        make(folder, min(workers, len(missing)), fail_fast)
    return show(StudyFolder(place))


def is_for_launcher(word: str, whose: str | tuple[str, ...] = FOR_LAUNCHERS) -> bool:
    """Whether an override is a launcher's: Hydra wants a + before a key that its launcher's config lacks."""
    return word.lstrip("+").startswith(whose)


@dataclass(frozen=True)
class Launcher:
    """Who starts the processes: "" (this command), slurm (a script for sbatch), or one of Hydra's launchers."""

    name: str
    words: Sequence[str] = ()

    @property
    def options(self) -> dict[str, str]:
        """What is given to sbatch: option -> value."""
        pairs = [word.partition("=")[::2] for word in self.words]
        return {key.removeprefix("slurm."): value for key, value in pairs}

    def check(self) -> None:
        """Raise UserError for a launcher that there is not or that is not installed, and for words that are not its own."""
        own = {"": "", "slurm": "slurm."}.get(self.name, "hydra.launcher.")
        for word in self.words:
            if not own or not is_for_launcher(word, own):
                needed = "slurm" if word.startswith("slurm.") else "joblib, for one"
                raise UserError(f"{word!r} has no effect with launcher={self.name or 'none'}; it goes with launcher={needed}.")
        if self.name == "slurm":
            from erasepro.study.slurm_script import check_options

            check_options(self.options)
        elif self.name:
            from erasepro.study.hydra_jobs import check_launcher

            check_launcher(self.name)


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


def plan_of(study: Study, cells: Sequence[Cell], command: str = "") -> StudyPlan:
    """What the study's folder keeps of it, and the command that made it."""
    from erasepro.study.study_folder import StudyPlan

    return StudyPlan(
        study.name, tuple(cells), tuple(study.tables), tuple(study.rows), study.sort, os.getcwd(), tuple(study.figures),
        study.published, command,
    )  # fmt: skip


def show_plan(study: Study, cells: Sequence[Cell]) -> int:
    """Print what each run, and all of them, would do and take. Returns 0, or 2 where a run would be refused."""
    from erasepro.cli.sweep_list import plan_lists

    axes = "; ".join(f"{axis.name}: {', '.join(axis.values)}" for axis in study.axes)
    print(visible(f"Study {study.name}"))
    print(visible(f"  {axes}"))
    return plan_lists([list(cell.words) for cell in cells], [cell.shown for cell in cells], brief=True)


def show(folder: StudyFolder) -> int:
    """Print the tables of the runs that are done, and what failed. Returns 0; 2 where runs failed."""
    from erasepro.report.formats import FORMATS, Destination, store
    from erasepro.study.study_tables import all_tables

    done = folder.load_finished()
    runs = [(cell, results) for cell, _, results in done]
    print()
    tables = all_tables(folder.plan, done)
    for table in tables:
        print(table.text())
    if tables:
        place = folder.path / "tables"
        store(tables, Destination(tuple(FORMATS), place, is_folder=True))
        print(visible(f"Tables, as text, Markdown, HTML, LaTeX and CSV: {place}"))
        draw(folder, runs)
    failures = folder.failures()
    for cell, outcome in failures:
        print(visible(f"erasepro: failed: {cell.shown}: {outcome.error}"), file=sys.stderr)
    left = len(folder.plan.cells) - len(runs) - len(failures)
    if left:
        of = f"{left:,} of {len(folder.plan.cells):,} runs"
        print(f"erasepro: {of} are not made yet; the same command goes on.", file=sys.stderr)
    return 2 if failures or left else 0


def draw(folder: StudyFolder, runs: Sequence[tuple[Cell, Results]]) -> None:
    """Draw the study's figures into its folder, as PDF and PNG; what cannot be drawn is told in a line."""
    from erasepro.study.study_figures import draw_figures

    if not folder.plan.figures:
        return
    place = folder.path / "figures"
    with stage("Drawing figures"):
        drawn, problems = draw_figures(folder.plan, runs, place)
    if drawn:
        print(visible(f"Figures, as PDF and PNG: {place}"))
    for problem in problems:
        print(visible(f"erasepro: no figure: {problem}"), file=sys.stderr)


def print_line(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def read_flag(own: Mapping[str, str], key: str) -> bool:
    """A word of the verb that is true or false."""
    value = own.get(key, "false")
    if value not in ("true", "false"):
        raise UserError(f"Bad value for {key!r}: got {value!r}, allowed: true, false.")
    return value == "true"
