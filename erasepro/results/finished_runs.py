"""The runs that have ended, of several folders: those whose results can be read, each once, and why the others are left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.results.run_folder import check_signature


class FinishedRun(NamedTuple):
    """A run's folder, as it was given, and its results."""

    folder: str
    results: Results


def read_finished_runs(folders: Iterable[str]) -> tuple[list[FinishedRun], list[UserError]]:
    """The runs with readable results, and a line for each folder that is left out.

    Left out are folders that are no run's, runs that have not ended or are damaged, and a copy of a run that is there already.
    A folder that is named twice counts once.
    """
    finished: list[FinishedRun] = []
    problems: list[UserError] = []
    seen: dict[str, str] = {}
    for folder in dict.fromkeys(word.rstrip("/") or word for word in folders):
        try:
            results = Results.load(check_run_folder(Path(folder)) / "results.json")
            check_signature(Path(folder), results.signature)
            first = seen.setdefault(f"{results.signature} {results.solver_label}", folder)
            if first != folder:
                raise UserError(f"{folder!r} is the same run as {first!r}: a copy counts once.")
            finished.append(FinishedRun(folder, results))
        except UserError as error:
            problems.append(error)
        except OSError as error:
            problems.append(UserError(f"cannot read {str(error.filename or folder)!r}: {error.strerror}."))
    return finished, problems


def is_run_folder(path: Path) -> bool:
    """Whether a folder holds a file that a run's folder has."""
    return any((path / name).exists() for name in ("config.yaml", "status.json", "results.json"))


def check_run_folder(path: Path) -> Path:
    """The same path. Raises UserError where it is no run's folder, naming runs that lie in it."""
    if not path.is_dir():
        raise UserError(f"No folder {str(path)!r}: give a run's folder, outputs/<name>-<signature>.")
    if not is_run_folder(path):
        runs = sorted(inner.parent for inner in path.glob("*/status.json"))
        inside = f" {len(runs)} run(s) lie in it: erasepro report {runs[0]} …" if runs else ""
        raise UserError(f"{str(path)!r} is no run's folder (it holds no config.yaml).{inside}")
    return path
