"""A run's results as Python and notebooks hold them: with the folder that they lie in, its tables and its grid."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from erasepro.errors import UserError, visible
from erasepro.report.heading import results_heading
from erasepro.report.run_tables import tables
from erasepro.report.table import Table
from erasepro.results.results_json import Results
from erasepro.runtime.files import as_path
from erasepro.runtime.html_table import PNG, html_line, html_picture, html_table

GRID = "grid.png"
LARGEST_GRID = 4 << 20
"""Bytes of a grid that a page takes in; runs write at most 300,000."""


class RunResults(Results):
    """`Results` that were read from a run's folder."""

    folder: Path
    """The run's, ``outputs/<name>-<signature>``: config, edit, images, samples.parquet, grid.png."""

    @classmethod
    def load(cls, path: str | Path) -> RunResults:
        """Read a run's folder, or its results.json. Raises UserError as `Results.load` does."""
        place = as_path(path, "a run's folder").expanduser()
        file = place / "results.json" if place.is_dir() else place
        results = super().load(file)
        assert isinstance(results, RunResults)
        results.folder = file.parent
        return results

    @property
    def tables(self) -> list[Table]:
        """The tables that the command prints, in its order; each has its forms (`table.Table`)."""
        return tables(self)

    def grid(self, sensitive: bool = False) -> Image.Image:
        """The before/after grid of the run.

        Args:
            sensitive: show it where the run is sensitive (nudity, a prompt set that is marked so); its pictures are blurred.

        Raises:
            UserError: there is none, it is no picture, or the run is sensitive and that was not asked for.
        """
        if self.sensitive and not sensitive:
            raise UserError("The pictures of this run are sensitive: results.grid(sensitive=True) shows them, blurred.")
        data = self._grid_bytes()
        if data is None:
            raise UserError(f"{str(self.folder)!r} has no {GRID}: it was made with outputs.grid=false, or the file is gone.")
        return Image.open(io.BytesIO(data), formats=["PNG"])

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {visible(self.folder)})"

    def _repr_html_(self) -> str:
        """The heading, the tables and the grid; a sensitive run's grid is named and not shown."""
        parts = [html_line(results_heading(self))]
        parts += [html_table(table.title, table.header, table.rows, table.note) for table in self.tables]
        data = None if self.sensitive else self._grid_bytes()
        if self.sensitive:
            parts.append(html_line("The grid is of sensitive pictures: results.grid(sensitive=True) shows it, blurred."))
        elif data is not None:
            parts.append(html_picture(data, "The same prompts and seeds, drawn by the original and by the edited model"))
        return "".join([*parts, html_line(f"Results: {self.folder}")])

    def _grid_bytes(self) -> bytes | None:
        """The bytes of the grid's PNG; None where there is none, or something else is in its place."""
        path = self.folder / GRID
        if not path.is_file() or path.stat().st_size > LARGEST_GRID:
            return None
        data = path.read_bytes()
        return data if data.startswith(PNG) else None
