"""A finished run together with the pictures that its results were counted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row
from erasepro.generation.worklist import read_worklist
from erasepro.results.finished_runs import check_run_folder
from erasepro.results.results_json import Results
from erasepro.runs.pictures import RunPictures


@dataclass(frozen=True)
class DrawnRun:
    """A run's folder, its results, and the rows whose pictures lie in it."""

    folder: Path
    results: Results
    rows: Sequence[Row]

    @classmethod
    def read(cls, folder: Path) -> DrawnRun:
        """The run in a folder.

        Raises:
            UserError: no readable results, or pictures that are not those that the results were counted on.
        """
        results = Results.load(check_run_folder(folder) / "results.json")
        rows = read_worklist(folder / "worklist.jsonl").rows
        if not RunPictures(folder, rows).are_recorded_in(results):
            raise UserError(
                f"The pictures in {str(folder / 'images')!r} are not those that its results were counted on: give the run's "
                "command again, and it draws them."
            )
        return cls(folder, results, list(rows))

    @property
    def original(self) -> ImageStore:
        """The pictures of the model before the edit."""
        return ImageStore(self.folder / "images" / "original")

    @property
    def edited(self) -> ImageStore:
        """The pictures of the edited model."""
        return ImageStore(self.folder / "images" / "edited")


def shared_rows(runs: Sequence[DrawnRun]) -> list[Row]:
    """The first run's rows that each of the others drew too: the same prompt, seed and sampler under the same name."""
    others = [{row.name: (row.prompt, row.sampler) for row in run.rows} for run in runs[1:]]
    return [row for row in runs[0].rows if all(other.get(row.name) == (row.prompt, row.sampler) for other in others)]
