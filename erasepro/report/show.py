"""Printing a run's tables."""

from __future__ import annotations

import sys
from pathlib import Path

from erasepro.errors import UserError, visible
from erasepro.report.heading import results_heading
from erasepro.report.run_tables import tables, write_tables
from erasepro.report.terms import POINTER
from erasepro.results.results_json import Results


def show(results: Results, path: Path) -> None:
    """Print the tables of a run, and where it lies."""
    listed = tables(results)
    for table in listed:
        print(table.text())
    try:
        write_tables(results_heading(results), listed, path)
    except OSError as error:  # a finished run on a read-only disk can still be read
        print(f"erasepro: the tables were not written to {str(path)!r}: {error.strerror}.", file=sys.stderr)
    except UserError as error:  # the folder may be one that somebody collects results in
        print(f"erasepro: the tables were not written: {error}", file=sys.stderr)
    where = visible(path)
    print(f"{POINTER}\n\nResults: {where}")
    if (path / "grid.png").exists():
        print(f"Grid: {visible(path / 'grid.png')}")
    if any((path / "wandb").glob("offline-run-*")):
        print(f"W&B, offline; to upload: wandb sync {where}/wandb/offline-run-*")
