"""The runs of a study given to one of Hydra's launchers: a job each, in processes that joblib, submitit or Ray start.

The jobs are clients of the study's folder like any other worker: each claims its run, so a job that is started twice, and
workers beside them, make nothing twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from erasepro.config.paths import VERSION_BASE
from erasepro.errors import UserError, unknown
from erasepro.runs.model_shelf import ModelShelf
from erasepro.study.study_folder import StudyFolder
from erasepro.study.workers import Worker

LAUNCHERS = {
    "joblib": "hydra_joblib_launcher",
    "submitit_local": "hydra_submitit_launcher",
    "submitit_slurm": "hydra_submitit_launcher",
    "ray": "hydra_ray_launcher",
}
"""Hydra's launchers, and the plug-in that each comes with (``pip install 'erasepro[cluster]'``)."""
NAME = "erasepro_job"
_SHELF = ModelShelf()
"""Of this process: joblib's and Ray's processes make several runs, which share a model."""


@dataclass
class JobConfig:
    """What a job is told."""

    folder: str = ""
    cell: int = 0
    fail_fast: bool = False


def make_run(cfg: Any) -> None:
    """Make one run of a study. What becomes of it, a failure too, is recorded in the study's folder.

    Args:
        cfg: a `JobConfig`, as Hydra composes it.
    """
    folder = StudyFolder(Path(cfg.folder))
    if os.path.isdir(folder.plan.directory):
        os.chdir(folder.plan.directory)
    Worker(folder, cfg.fail_fast, shelf=_SHELF).make_only(cfg.cell)


def check_launcher(name: str) -> None:
    """Raise UserError for a launcher that there is not, or whose plug-in is not installed."""
    if name not in LAUNCHERS:
        raise unknown("launcher", name, [*LAUNCHERS, "slurm"])
    if find_spec("hydra_plugins") is None or find_spec(f"hydra_plugins.{LAUNCHERS[name]}") is None:
        raise UserError(f"The launcher {name!r} is not installed: pip install 'erasepro[cluster]'.")


def launch(folder: StudyFolder, name: str, words: Sequence[str] = (), fail_fast: bool = False) -> None:
    """Give the runs that are missing to a launcher of Hydra's, and wait until it has ended.

    Args:
        name: of the launcher (`LAUNCHERS`).
        words: for it: ``hydra.launcher.n_jobs=4``.

    Raises:
        UserError: no such launcher, or words that it does not take.
    """
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException

    check_launcher(name)
    cells = [str(cell.number) for cell in folder.plan.cells if not folder.is_settled(cell)]
    if not cells:
        return
    ConfigStore.instance().store(name=NAME, node=JobConfig)
    GlobalHydra.instance().clear()
    place = folder.path.absolute()
    jobs = [
        f"hydra/launcher={name}", *words, "hydra/job_logging=none", "hydra/hydra_logging=none", "hydra.output_subdir=null",
        f"hydra.sweep.dir={quoted(place / 'hydra')}", "hydra.sweep.subdir=.", f"folder={quoted(place)}",
        f"fail_fast={str(fail_fast).lower()}", f"cell={','.join(cells)}",
    ]  # fmt: skip
    with _arguments(["erasepro", "-m", *jobs]):
        try:
            hydra.main(version_base=VERSION_BASE, config_path=None, config_name=NAME)(make_run)()
        except HydraException as error:
            raise UserError(f"The launcher {name!r} refuses: {' '.join(str(error).split())}") from error


def quoted(path: Path) -> str:
    """A path as Hydra reads it."""
    return "'" + str(path).replace("'", "\\'") + "'"


@contextmanager
def _arguments(words: list[str]) -> Iterator[None]:
    """Words in the place of the command's, and Hydra's errors raised in place of printed."""
    before, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = words, "1"
    try:
        yield
    finally:
        sys.argv = before
        if full is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full
