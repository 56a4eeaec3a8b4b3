"""The script by which Slurm starts a study's workers: one array job, each task a worker in the study's folder."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from erasepro.errors import UserError, unknown
from erasepro.runtime.files import write_text

OPTIONS = (
    "account", "clusters", "constraint", "cpus-per-task", "exclude", "gpus-per-task", "gres", "mail-type", "mail-user", "mem",
    "nice", "nodelist", "partition", "qos", "reservation", "time",
)  # fmt: skip
"""Options of sbatch that can be given (``slurm.partition=gpu``); the others are the script's own."""
USUAL = {"cpus-per-task": "4", "time": "24:00:00"}


def write_slurm_script(folder: Path, name: str, directory: str, workers: int, options: Mapping[str, str]) -> Path:
    """Write ``workers.sh`` into a study's folder, for ``sbatch``.

    Args:
        folder: the study's, on a disk that all nodes see.
        name: of the study.
        directory: where the runs' commands are given.
        workers: tasks of the array. A task that its time limit stops loses nothing: others take over what it was at.
        options: of sbatch, by long name, over the usual ones.

    Returns:
        The script's path.

    Raises:
        UserError: as `check_options`.
    """
    check_options(options)
    place = folder.absolute()
    head = {
        "job-name": re.sub(r"[^\w.-]+", "-", f"erasepro-{name}"),
        "array": f"0-{workers - 1}",
        "output": f"{place}/logs/slurm-%A_%a.log",
        **USUAL,
        **options,
    }
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH --{key}={_written(value)}" for key, value in head.items()),
        "",
        "# Each task makes runs of the study until none is left; sbatch may be given this script again at any time.",
        "set -eu",
        f"cd {shlex.quote(directory)}",
        'export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"',
        f"exec {shlex.quote(sys.executable)} -m erasepro work {shlex.quote(str(place))}",
    ]
    path = place / "workers.sh"
    (place / "logs").mkdir(exist_ok=True)
    write_text(path, "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def check_options(options: Mapping[str, str]) -> None:
    """Raise UserError for an option that is not sbatch's or is the script's own, and for a value with a line break."""
    for key, value in options.items():
        if key not in OPTIONS:
            raise unknown("option of sbatch", key, OPTIONS)
        if not value or re.search(r"[\x00-\x1f\x7f]", value):
            raise UserError(f"Bad value for 'slurm.{key}': got {value!r}, expected one line of text.")


def _written(value: str) -> str:
    """A value as sbatch reads it in a script: in double quotes where it holds blanks or marks."""
    if re.fullmatch(r"[\w@%+=:,./~^&|!*()\[\]-]+", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
