"""What the lines of a figure are called: runs that differ only in what is on the x axis are of one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from erasepro.config.plain_values import differing
from erasepro.report.joint import REPETITIONS, ROW_SETTINGS
from erasepro.results.results_json import Results

_CHANGE = re.compile(r" (?=[A-Za-z_][\w.]*=)")
"""Between the words of a method's name: ``erasepro text_fit.mu=10``."""


def name_lines(runs: Sequence[Results], swept: Sequence[str] = ()) -> list[str]:
    """The line of each run: its method, its concept set's kind, and the settings in which the runs differ.

    Args:
        swept: dotted keys of the config that are on the x axis; they are in no name.
    """
    settings = [
        {
            key: value
            for key, value in run.settings.comparable.items()
            if key.startswith(ROW_SETTINGS) and key not in (*REPETITIONS, *swept)
        }
        for run in runs
    ]
    keys = list(differing(settings))
    kinds = {run.settings.kind for run in runs}
    return [
        ", ".join(
            [
                _without(run.solver_label, swept),
                *([run.settings.kind] if len(kinds) > 1 else []),
                *(f"{key}={own.get(key)}" for key in keys),
            ]
        )
        for run, own in zip(runs, settings, strict=True)
    ]


def _without(method: str, swept: Sequence[str]) -> str:
    """A method's name without its changes in the swept keys."""
    name, *changes = _CHANGE.split(method)
    keys = {key.removeprefix("solver.") for key in swept}
    return " ".join([name, *(change for change in changes if change.partition("=")[0] not in keys)])
