"""``erasepro.load_runs("outputs/*")``: what many runs found, as tidy rows for pandas, pyarrow and plots."""

from __future__ import annotations

import glob
import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from erasepro.config.plain_values import differing
from erasepro.errors import UserError
from erasepro.report.row_kinds import LayerRow, RunRow, SampleRow, ValueRow
from erasepro.report.row_table import Rows
from erasepro.report.run_rows import layer_rows, run_row, sample_rows, value_rows
from erasepro.results.finished_runs import FinishedRun, is_run_folder, read_finished_runs
from erasepro.results.samples import FILE, read_samples
from erasepro.runtime.files import as_path

NO_SETTING = ("name", "method", "outputs.", "tracker.")
"""Beginnings of config keys that change no number, and of what other columns say."""


class Runs:
    """The runs that `load_runs` read, as rows: ``runs``, ``values``, ``layers``, ``samples``.

    Each is a list of dataclass instances with ``.pandas()`` and ``.arrow()``. The column ``run``, the name of the run's folder,
    is in all of them; where two folders are of one name, it is the folder's path.
    """

    def __init__(self, finished: Sequence[FinishedRun], left_out: Sequence[str] = ()) -> None:
        self.left_out = tuple(left_out)
        """A line for each folder whose numbers are not here."""
        names = [Path(run.folder).name for run in finished]
        self._runs = [
            (name if names.count(name) == 1 else run.folder, run) for name, run in zip(names, finished, strict=True)
        ]

    @cached_property
    def runs(self) -> Rows[RunRow]:
        """A row a run: method, pairs, residuals, seconds, and a column for each config key in which the runs differ."""
        settings = [
            {key: value for key, value in run.results.stored.leaves().items() if not key.startswith(NO_SETTING)}
            for _, run in self._runs
        ]
        keys = list(differing(settings))
        values = [{key: _plain(own.get(key)) for key in keys} for own in settings]
        return Rows(RunRow, (run_row(name, *run, own) for (name, run), own in zip(self._runs, values, strict=True)))

    @cached_property
    def values(self) -> Rows[ValueRow]:
        """A row a number: metric or share, model, role, phrasing, value, n, standard error."""
        return Rows(ValueRow, (row for name, run in self._runs for row in value_rows(name, run.results)))

    @cached_property
    def layers(self) -> Rows[LayerRow]:
        """A row an edited weight: depth, residuals, ‖ΔW‖/‖W‖, rank."""
        return Rows(LayerRow, (row for name, run in self._runs for row in layer_rows(name, run.results)))

    @cached_property
    def samples(self) -> Rows[SampleRow]:
        """A row an image, with what the judge names and each metric's value; read from ``samples.parquet`` at the first use.

        A run that drew and scored nothing has none. A run whose file is gone or damaged is named in a warning and left out.
        """
        rows: Rows[SampleRow] = Rows(SampleRow)
        for name, (folder, results) in self._runs:
            if not results.scores and not results.recognition:
                continue
            try:
                rows += list(sample_rows(name, results, read_samples(Path(folder))))
            except (OSError, ValueError, KeyError):
                warnings.warn(f"left out of samples: {str(Path(folder) / FILE)!r} is gone or damaged.", stacklevel=2)
        return rows

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        left = f", {len(self.left_out)} left out" if self.left_out else ""
        return f"Runs({len(self)} run{'' if len(self) == 1 else 's'}{left}: .runs, .values, .layers, .samples)"


def load_runs(folders: str | Path | Iterable[str | Path]) -> Runs:
    """Read runs that have ended, without torch.

    A run that has not ended, is damaged or cannot be read is named in a warning and left out; a copy of a run counts once.

    Args:
        folders: run folders, or patterns of them as a shell has (``"outputs/*"``; what a pattern finds beside runs is passed
            over); one, or several.

    Returns:
        the runs as rows.

    Raises:
        UserError: no run is left.
    """
    given = [folders] if isinstance(folders, (str, Path)) or not isinstance(folders, Iterable) else list(folders)
    names = [name for entry in given for name in _expanded(entry)]
    if not names:
        places = ", ".join(map(repr, map(str, given))) or "an empty list"
        raise UserError(f"No run in {places}: give folders of runs, for example 'outputs/*'.")
    finished, problems = read_finished_runs(names)
    if not finished:
        raise problems[0]
    for problem in problems:
        warnings.warn(f"left out: {problem}", stacklevel=2)
    return Runs(finished, [str(problem) for problem in problems])


def _expanded(given: str | Path) -> list[str]:
    """The folder itself where it is there or no pattern; else the runs that the pattern finds, by name."""
    path = as_path(given, "a run's folder").expanduser()
    if path.exists() or not glob.has_magic(str(path)):
        return [str(path)]
    return [name for name in sorted(glob.glob(str(path))) if is_run_folder(Path(name))]


def _plain(value: Any) -> Any:
    """A setting as a table holds it: lists as text."""
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
