"""``erasepro report DIR…``: the tables of finished runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError

if TYPE_CHECKING:
    from erasepro.results.results_json import Results


def command(words: list[str]) -> int:
    """``erasepro report DIR… [figure=FILE]``: the tables of a finished run, again; of several, over all that have ended.

    A run without readable results is named and left out, and so is a copy of one that is there already. ``figure``: the
    edits by depth, as tables and as a figure. Raises UserError where no folder has results.
    """
    from erasepro.report.heading import printed, results_heading
    from erasepro.report.show import show
    from erasepro.results.finished_runs import read_finished_runs

    figure = own_options(words, ("figure",)).get("figure")
    words = [word for word in words if not word.startswith("figure=")]
    if not words:
        raise UserError("report takes run folders: erasepro report outputs/<run> …")
    finished, missing = read_finished_runs(words)
    if not finished or (missing and len(words) == 1):
        raise missing[0]
    for reason in missing:
        print(f"erasepro: left out: {reason}", file=sys.stderr)
    if figure is not None:
        _show_depth([results for _, results in finished], figure)
        return 0
    if len(words) > 1:
        from erasepro.report.joint import across
        from erasepro.report.paired import paired_tables

        for table in [*across([results for _, results in finished]), *paired_tables(finished)]:
            print(table.text())
        return 0
    for folder, results in finished:
        print(f"{printed(results_heading(results))}\n")
        show(results, Path(folder))
    return 0


def _show_depth(runs: Sequence[Results], figure: str) -> None:
    """Print the edits by depth, and write the figure."""
    from erasepro.report.depth import depth_tables, draw_depth, label_runs

    labelled = label_runs(runs)
    tables = depth_tables(labelled)
    path = draw_depth(Path(figure).expanduser(), labelled)
    for table in tables:
        print(table.text())
    print(f"Figure: {path}")
