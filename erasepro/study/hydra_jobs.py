"""The runs of a study given to one of Hydra's launchers: a job each, in processes that joblib, submitit or Ray start.

The jobs are clients of the study's folder like any other worker: each claims its run, so a job that is started twice, and
workers beside them, make nothing twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from erasepro.config.hydra_setup import hydra_command
from erasepro.config.paths import VERSION_BASE
from erasepro.errors import UserError, unknown
from erasepro.runs.model_shelf import ModelShelf
from erasepro.runs.override_words import override_words
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
    folder.enter()
    Worker(folder, cfg.fail_fast, shelf=_SHELF).make_only(cfg.cell)


def check_launcher(name: str) -> None:
    """Raise UserError for a launcher that there is not, whose plug-in is not installed, or whose Slurm is not here."""
    if name not in LAUNCHERS:
        raise unknown("launcher", name, [*LAUNCHERS, "slurm"])
    if find_spec("hydra_plugins") is None or find_spec(f"hydra_plugins.{LAUNCHERS[name]}") is None:
        raise UserError(f"The launcher {name!r} is not installed: pip install 'erasepro[cluster]'.")
    if name == "submitit_slurm" and shutil.which("srun") is None:
        raise UserError("launcher=submitit_slurm needs Slurm's srun, which is not on this machine: start it where Slurm is.")


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
        "hydra.sweep.subdir=.",
        *override_words({"hydra.sweep.dir": place / "hydra", "folder": place, "fail_fast": fail_fast}),
        f"cell={','.join(cells)}",
    ]  # fmt: skip
    with hydra_command(["erasepro", "-m", *jobs]):
        try:
            hydra.main(version_base=VERSION_BASE, config_path=None, config_name=NAME)(make_run)()
        except (HydraException, ConnectionError, RuntimeError) as error:  # words, a cluster that is not there, a launcher's own
            raise UserError(f"The launcher {name!r} refuses: {' '.join(str(error).split())}") from error
