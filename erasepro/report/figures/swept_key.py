"""The setting that runs were swept over: which it is, and what each run had."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from erasepro.config.plain_values import differing
from erasepro.errors import UserError, nearest
from erasepro.results.results_json import Results

STRENGTH = "strength"
"""The share of an edit that was drawn with; of an evaluation stored before it was a key, the method's name alone says it."""
SWEPT = ("solver.", "schedule.", "templates.", "generation.guidance", "generation.steps", STRENGTH)
"""Beginnings of the keys that are guessed."""


def settings_of(run: Results) -> dict[str, Any]:
    """A run's settings by dotted key, with the strength of its edit.

    The weight ``mu`` of a fit that is hard has no effect, so it is no setting of such a run.
    """
    settings = run.stored.leaves()
    strength = re.search(rf" {STRENGTH}=(\S+)$", run.method)
    settings.setdefault(STRENGTH, float(strength[1]) if strength else 1.0)
    return {
        key: value
        for key, value in settings.items()
        if not (key.endswith(".mu") and settings.get(key.removesuffix("mu") + "residual") == "hard")
    }


def find_swept(runs: Sequence[Results], x: str | None) -> tuple[str, ...]:
    """The key on the x axis, then those that have the same values in every run.

    Args:
        x: the key, or its end (``mu`` for ``solver.text_fit.mu``); None: the one in which the runs' solvers differ.

    Raises:
        UserError: no run has the key, an end fits several that are set apart, or it must be given.
    """
    settings = [settings_of(run) for run in runs]
    known = list(dict.fromkeys(key for own in settings for key in own))
    unlike = [key for key in differing(settings) if key.startswith(SWEPT) and key != "solver.name"]
    if x is None:
        kinds = _alike(settings, [key for key in unlike if any(_is_number(own.get(key)) for own in settings)])
        if len(kinds) == 1:
            return kinds[0]
        listed = ", ".join(kind[0] for kind in kinds)
        differ = f"they differ in {listed}" if kinds else "their solvers differ in no number"
        raise UserError(f"kind=dose needs x=KEY, the setting on the x axis; of these runs {differ}.")
    fitting = [key for key in known if key == x] or [key for key in known if key.endswith(f".{x}")]
    if not fitting:
        near = nearest(x, known)
        raise UserError(f"x={x}: no run has such a setting." + (f" Did you mean {near}?" if near else ""))
    kinds = _alike(settings, [key for key in fitting if key in unlike] or fitting[:1])
    if len(kinds) > 1:
        raise UserError(f"x={x} fits several settings: {', '.join(kind[0] for kind in kinds)}. Give one of them.")
    column = _column(settings, kinds[0][0])
    return tuple(dict.fromkeys([*kinds[0], *(key for key in unlike if _column(settings, key) == column)]))


def _alike(settings: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[tuple[str, ...]]:
    """The keys in groups that have the same values in every run."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(_column(settings, key), []).append(key)
    return [tuple(group) for group in groups.values()]


def _column(settings: Sequence[dict[str, Any]], key: str) -> str:
    return repr([own.get(key) for own in settings])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def positions(values: Sequence[Any]) -> tuple[list[float | None], list[str]]:
    """Where values lie on an x axis, and its categories.

    Numbers lie where they are, and there are no categories; values some of which are none lie at 0, 1, … in the order in which
    they come. None, which stands for a run without the setting, lies nowhere.
    """
    given = [value for value in values if value is not None]
    if all(_is_number(value) for value in given):
        return [None if value is None else float(value) for value in values], []
    names = list(dict.fromkeys(str(value) for value in given))
    return [None if value is None else float(names.index(str(value))) for value in values], names
