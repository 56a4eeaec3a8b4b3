"""``erasepro report DIR…``: the tables of finished runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, visible

if TYPE_CHECKING:
    from erasepro.results.results_json import Results

FIGURE_KEYS = ("figure", "kind", "x")


def command(words: list[str]) -> int:
    """``erasepro report DIR… [figure=FILE]``: the tables of a finished run, again; of several, over all that have ended.

    A run without readable results is named and left out, and so is a copy of one that is there already. ``figure``: a figure
    (``kind=depth|pareto|…``, ``x=KEY``) and the tables of its numbers. Raises UserError where no folder has results.
    """
    from erasepro.report.heading import printed, results_heading
    from erasepro.report.show import show
    from erasepro.results.results_json import Results
    from erasepro.results.run_folder import check_signature

    figure = own_options(words, FIGURE_KEYS)
    words = [word for word in words if word.partition("=")[0] not in FIGURE_KEYS]
    if figure and "figure" not in figure:
        raise UserError(f"{next(iter(figure))}= is of a figure: add its file, figure=FILE.pdf (or .png, .svg).")
    if not words:
        raise UserError("report takes run folders: erasepro report outputs/<run> …")
    finished: list[tuple[str, Results]] = []
    missing: list[UserError] = []
    seen: dict[str, str] = {}
    for folder in dict.fromkeys(word.rstrip("/") or word for word in words):
        try:
            results = Results.load(run_folder(Path(folder)) / "results.json")
            check_signature(Path(folder), results.signature)
            first = seen.setdefault(f"{results.signature} {results.solver_label}", folder)
            if first != folder:
                raise UserError(f"{folder!r} is the same run as {first!r}: a copy counts once.")
            finished.append((folder, results))
        except UserError as error:
            missing.append(error)
        except OSError as error:
            missing.append(UserError(f"cannot read {str(error.filename or folder)!r}: {error.strerror}."))
    if not finished or (missing and len(words) == 1):
        raise missing[0]
    for reason in missing:
        print(f"erasepro: left out: {reason}", file=sys.stderr)
    if figure:
        _show_figure([results for _, results in finished], figure)
        return 0
    if len(words) > 1:
        from erasepro.report.joint import across

        for table in across([results for _, results in finished]):
            print(table.text())
        return 0
    for folder, results in finished:
        print(f"{printed(results_heading(results))}\n")
        show(results, Path(folder))
    return 0


def _show_figure(runs: Sequence[Results], options: Mapping[str, str]) -> None:
    """Write the figure, and print the tables of its numbers."""
    from erasepro.report.figures.registry import DEFAULT, draw_figure, figure_tables

    kind, x = options.get("kind", DEFAULT), options.get("x")
    tables = figure_tables(kind, runs, x)
    path = draw_figure(kind, options["figure"], runs, x)
    for table in tables:
        print(table.text())
    print(f"Figure: {visible(path)}")


def run_folder(path: Path) -> Path:
    """The same path. Raises UserError where it is no run's folder, naming runs that lie in it."""
    if not path.is_dir():
        raise UserError(f"No folder {str(path)!r}: give a run's folder, outputs/<name>-<signature>.")
    if not any((path / name).exists() for name in ("config.yaml", "status.json", "results.json")):
        runs = sorted(inner.parent for inner in path.glob("*/status.json"))
        inside = f" {len(runs)} run(s) lie in it: erasepro report {runs[0]} …" if runs else ""
        raise UserError(f"{str(path)!r} is no run's folder (it holds no config.yaml).{inside}")
    return path
