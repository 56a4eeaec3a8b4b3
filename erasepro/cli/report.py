"""``erasepro report DIR…``: the tables of finished runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, nearest, visible

if TYPE_CHECKING:
    from erasepro.report.formats import Destination
    from erasepro.report.table import Table
    from erasepro.results.finished_runs import FinishedRun
    from erasepro.results.results_json import Results


KEYS = ("figure", "format", "out")
"""The verb's own options."""


def command(words: list[str]) -> int:
    """``erasepro report DIR… [format=…] [out=PATH] [figure=FILE]``: the tables of a run; of several, over all that have ended.

    A run without readable results is named and left out, and so is a copy of one that is there already. ``figure``: the
    edits by depth, as tables and as a figure. ``format`` and ``out``: see `report.formats`.

    Raises UserError where no folder has results, for an unknown option or format, and where ``out`` cannot be written to.
    """
    from erasepro.report.formats import read_destination

    options = own_options(words, KEYS)
    destination = read_destination(options.get("format"), options.get("out"))
    finished = _read_runs(_folders(words))
    runs = [results for _, results in finished]
    figure = options.get("figure")
    if figure is not None:
        _show_depth(runs, figure, destination)
    elif len(_folders(words)) > 1:
        from erasepro.report.joint import across
        from erasepro.report.paired import paired_tables

        _show([*across(runs), *paired_tables(finished)], "", destination)
    else:
        _show_run(*finished[0], destination)
    return 0


def _folders(words: Sequence[str]) -> list[str]:
    """The words that name folders. Raises UserError where there is none, and for a ``key=value`` that is nothing known."""
    folders = [word for word in words if word.partition("=")[0] not in KEYS]
    for word in folders:
        key, equals, _ = word.partition("=")
        if equals and key.isidentifier() and not Path(word).exists():
            near = nearest(key, KEYS)
            hint = f" Did you mean {near}=?" if near else ""
            raise UserError(f"report has no option {word!r}.{hint} It takes run folders, {'=, '.join(KEYS)}=.")
    if not folders:
        raise UserError("report takes run folders: erasepro report outputs/<run> …")
    return [word.rstrip("/") or word for word in folders]


def _read_runs(folders: Sequence[str]) -> list[FinishedRun]:
    """The runs that have ended, each with its folder; of the others a line on stderr. Raises UserError where none has."""
    from erasepro.results.finished_runs import read_finished_runs

    finished, missing = read_finished_runs(folders)
    if not finished or (missing and len(folders) == 1):
        raise missing[0]
    for reason in missing:
        print(f"erasepro: left out: {reason}", file=sys.stderr)
    return finished


def _show_run(folder: str, results: Results, destination: Destination) -> None:
    """One run's tables; on the terminal as the run itself printed them, and they are written into its folder."""
    from erasepro.report.heading import printed, results_heading
    from erasepro.report.run_tables import tables
    from erasepro.report.show import show

    heading = results_heading(results)
    if destination.path is None and destination.formats == ("text",):
        print(f"{printed(heading)}\n")
        show(results, Path(folder))
    else:
        _show(tables(results), heading, destination)


def _show(tables: Sequence[Table], heading: str, destination: Destination) -> None:
    """Print the tables, or write them and say where they are."""
    from erasepro.report.formats import render, store

    if destination.path is not None:
        paths = store(tables, destination, heading)
        where = f"{len(paths)} files in {visible(destination.path)}" if destination.is_folder else visible(paths[0])
        print(f"Tables: {where}")
    elif destination.formats == ("text",):
        for table in tables:
            print(table.text())
    else:
        print(render(tables, destination.formats[0], heading), end="")


def _show_depth(runs: Sequence[Results], figure: str, destination: Destination) -> None:
    """Show the edits by depth, and write the figure."""
    from erasepro.report.depth import depth_tables, draw_depth, label_runs

    labelled = label_runs(runs)
    tables = depth_tables(labelled)
    path = draw_depth(Path(figure).expanduser(), labelled)
    _show(tables, "", destination)
    is_prose = destination.path is not None or destination.formats == ("text",)
    print(f"Figure: {path}", file=sys.stdout if is_prose else sys.stderr)
