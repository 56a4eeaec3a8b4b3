"""``erasepro grid RUN RUN …``: the pictures of several runs side by side, on the prompts and seeds that they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, unknown

if TYPE_CHECKING:
    from erasepro.generation import ImageStore
    from erasepro.runs.drawn_run import DrawnRun

KEYS = ("out", "rows", "across", "by")
BY = ("prompt", "solver")
"""What a row of the grid is."""


def command(words: Sequence[str]) -> int:
    """``erasepro grid RUN… [out=grid.png] [rows=9] [across=N] [by=solver]``: the original's and the runs' pictures in one PNG.

    The runs must be of one model. Shown are rows whose prompt, seed and sampler all the runs share, a few of each role; a run's
    pictures in a column, or with ``by=solver`` in a row. A run of a sensitive task is blurred, as in its own grid; of others,
    prompts that name nudity are left out.

    Raises UserError for a folder without readable results, runs of several models, pictures that are not those that the
    results were counted on, and runs that share no row.
    """
    from erasepro.generation.lost import describe_lost
    from erasepro.generation.presentable import presentable
    from erasepro.report.grid import picture_grid
    from erasepro.report.grid_rows import spread_rows
    from erasepro.runs.drawn_run import DrawnRun, shared_rows

    own = own_options(words, KEYS)
    folders = [word for word in words if word.partition("=")[0] not in KEYS]
    limit = _whole_number("rows", own.get("rows", "9"))
    by = own.get("by", BY[0])
    if by not in BY:
        raise unknown("value of by", by, BY)
    if by != BY[0] and "across" in own:
        raise UserError("across= is of by=prompt: with by=solver every prompt has a column.")
    if not folders:
        raise UserError("grid takes run folders: erasepro grid outputs/<run> outputs/<run> …")
    runs = [DrawnRun.read(Path(folder)) for folder in dict.fromkeys(folder.rstrip("/") or folder for folder in folders)]
    models = {run.results.hashes.get("weights") for run in runs}
    if len(models) > 1:
        raise UserError(f"The runs are of different models ({_names(runs)}): their pictures begin from other originals.")
    sensitive = any(run.results.sensitive for run in runs)
    shared = shared_rows(runs)
    rows = spread_rows(shared if sensitive else presentable(shared), limit)
    if not rows:
        raise UserError(f"The runs share no prompt and seed that may be shown ({_names(runs)}): give them the same seeds.")
    columns = _columns(runs)
    for _, store in columns:
        lost = store.lost(rows)
        if lost:
            raise UserError(f"{describe_lost(store.folder, lost)}: give the run's command again, and it draws them.")
    out = Path(own.get("out") or "grid.png").expanduser()
    if out.suffix != ".png":
        raise UserError(f"Bad value for 'out': got {str(out)!r}, a picture's name ends in .png.")
    across = _whole_number("across", own.get("across") or str(max(6 // len(columns), 1)))
    picture_grid(columns, rows, out, sensitive=sensitive, across=across, by_solver=by == "solver", max_bytes=None)
    print(f"{len(rows)} prompts, {len(columns)} pictures each: {', '.join(name for name, _ in columns)}.\nGrid: {out}")
    return 0


def _columns(runs: Sequence[DrawnRun]) -> list[tuple[str, ImageStore]]:
    """The original's pictures, and each run's under its method; under its folder's name where methods are alike."""
    methods = [run.results.solver_label for run in runs]
    names = [m if methods.count(m) == 1 else run.folder.resolve().name for m, run in zip(methods, runs, strict=True)]
    edited = [(name, run.edited) for name, run in zip(names, runs, strict=True)]
    return [("original", runs[0].original), *edited]


def _names(runs: Sequence[DrawnRun]) -> str:
    return ", ".join(run.folder.resolve().name for run in runs)


def _whole_number(key: str, value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= 1000:
        raise UserError(f"Bad value for {key!r}: got {value!r}, a whole number from 1 to 1000 is expected.")
    return int(value)
