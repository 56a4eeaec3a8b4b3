"""What a search found: the table of a solver's settings, and the words by which a preset names the study it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from erasepro.report.tables import Table
from erasepro.study.objectives import OBJECTIVES
from erasepro.study.pictures import score
from erasepro.study.tuning_plan import TuningPlan

SHIPPED = -1
"""Number of a solver's ``_best`` preset from before the search: it is drawn too, so that a search never ends below it."""


@dataclass(frozen=True)
class Drawn:
    """One setting of a solver that was drawn."""

    trial: int
    """Its number in the first stage; 0 is the preset that the search began at, `SHIPPED` the best one known before it."""
    words: Sequence[str]
    values: Mapping[str, float]
    """By the names of `OBJECTIVES`."""
    seconds: float
    preset: str = ""
    """The preset that the words go over; "": the one that the search began at."""

    @property
    def name(self) -> str:
        """How tables and figures call it."""
        if self.trial == SHIPPED:
            return "best before"
        return f"trial {self.trial}" if self.trial else "published"

    @classmethod
    def of(cls, trial: Any) -> Drawn:
        """What Optuna holds of a setting that was drawn."""
        attributes = trial.user_attrs
        values, seconds = dict(attributes["objectives"]), float(attributes["seconds"])
        return cls(int(attributes["of"]), tuple(attributes["words"]), values, seconds, attributes.get("preset", ""))


def settings_table(name: str, plan: TuningPlan, rows: Sequence[Drawn], known: Drawn | None) -> Table:
    """One solver's settings that were drawn.

    Args:
        name: of the space.
        plan: of the study.
        rows: the settings, the chosen one first.
        known: the chosen one, fitted on the model's own grammar and names; None where that was not drawn.
    """
    names = [o.name for o in OBJECTIVES if any(o.name in row.values for row in rows)]
    body = [
        (f"{row.name}{' (chosen)' if place == 0 else ''}", *_cells(row, names), " ".join(row.words) or _unchanged(row))
        for place, row in enumerate(rows)
    ]
    if known is not None:
        body.append(("chosen, known words", *_cells(known, names), "templates=known"))
    note = (
        f"Development sets {', '.join(plan.sets)}, development prompts; means over the sets. score: weighted mean of "
        + ", ".join(f"{o.name} {o.weight:g}" for o in OBJECTIVES if o.weight)
        + ". Nothing here is a result: the test sets are others."
    )
    return Table(f"{name}: study {plan.id}", ("setting", *names, "score", "words"), tuple(body), note)


def origin(preset: str, plan: TuningPlan, row: Drawn) -> str:
    """The comment above a chosen preset: which study chose it, of how many settings, by which numbers."""
    numbers = ", ".join(f"{key} {value:.3g}" for key, value in row.values.items())
    return (
        f"{preset} at the best of {plan.trials} settings, {plan.pictures} of them drawn and the best one before: study "
        f"{plan.id} (erasepro tune, seed {plan.seed}).\n{row.name.capitalize()}, means over {', '.join(plan.sets)}: {numbers}."
    )


def _unchanged(row: Drawn) -> str:
    return f"solver={row.preset}" if row.preset else "as published"


def _cells(row: Drawn, names: Sequence[str]) -> list[str]:
    values = [row.values.get(name, math.nan) for name in names]
    return [*("–" if math.isnan(value) else f"{value:.3f}" for value in values), f"{score(row.values):.3f}"]
