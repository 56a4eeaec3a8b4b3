"""Several runs in one table: the mean over runs and the worst of them, a row a method."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from erasepro.errors import UserError
from erasepro.report.outcomes import ALL, WORDINGS, Outcome
from erasepro.report.tables import Table

Run = tuple[str, str, str, Sequence[Outcome]]
"""(method, name of the run, protocol, its outcomes)."""


def across_table(runs: Sequence[Run], title: str = "Over all runs: mean (worst)") -> Table:
    """One row a method: what is left of the target by wording, what came instead, what is kept of the others.

    "kept/before" is the edited model's accuracy on the other concepts over the original's, same prompts and seeds.

    Raises:
        UserError: the runs were made under different protocols: such numbers may not share a column.
    """
    protocols = sorted({protocol for _, _, protocol, _ in runs})
    if len(protocols) > 1:
        raise UserError(
            f"Runs of different protocols may not share a column: {' and '.join(protocols)}. Report them separately."
        )
    rows = []
    for method in dict.fromkeys(run[0] for run in runs):
        mine = [outcomes for name, _, _, outcomes in runs if name == method]
        images = sum(o.own.n for outcomes in mine for o in outcomes if o.wording == ALL)
        cells = [_spread([_of(o, "target", w, "own") for o in mine], max) for w in WORDINGS]
        cells.append(_spread([_of(o, "target", ALL, "anchor") for o in mine], min))
        cells.append(_spread([_of(o, "target", ALL, "none") for o in mine], max))
        cells += [_spread([_of(o, "kept", w, "ratio") for o in mine], min) for w in WORDINGS]
        cells.append(_spread([_of(o, "synonym", ALL, "own") for o in mine], max))
        rows.append((method, str(len(mine)), str(images), *cells))
    header = ("method", "runs", "images", *(f"target ↓ {w}" for w in WORDINGS), "→ anchor ↑", "→ none")
    header += (*(f"kept/before ↑ {w}" for w in WORDINGS), "synonyms")
    title = f"{title}   [protocol {protocols[0]}]" if protocols else title
    return Table(title, header, tuple(rows), READING)


READING = (
    "target, → anchor and → none: shares of the edited model's images of the erased concepts; kept/before: its accuracy "
    "on the other concepts over the original model's; synonyms: share that shows the target. (worst): of several runs."
)

Scores = tuple[str, Mapping[str, tuple[float, float, bool]]]
"""(method, metric -> (the original's value or NaN, the edited model's, higher is better))."""


def across_metrics(
    runs: Sequence[Scores], title: str = "Metrics over all runs: original → edited, mean (worst)"
) -> Table:
    """One row a method, one column a metric. A cell that not all of the method's runs count in says how many do."""
    names = list(dict.fromkeys(name for _, scores in runs for name in scores))
    rows = []
    for method in dict.fromkeys(method for method, _ in runs):
        cells = []
        mine = [scores for label, scores in runs if label == method]
        for name in names:
            found = [scores[name] for scores in mine if name in scores]
            before = [old for old, _, _ in found if not math.isnan(old)]
            after = _spread([new for _, new, _ in found], min if found and found[0][2] else max)
            some = f" [{len(found)} of {len(mine)} runs]" if 0 < len(found) < len(mine) else ""
            cells.append((f"{sum(before) / len(before):.3f} → {after}" if before else after) + some)
        rows.append((method, *cells))
    return Table(title, ("method", *names), tuple(rows))


def _of(outcomes: Sequence[Outcome], role: str, wording: str, key: str) -> float:
    for outcome in outcomes:
        if (outcome.role, outcome.wording) == (role, wording):
            return getattr(outcome, key).value
    return math.nan


def _spread(values: Sequence[float], worst: Callable[[Sequence[float]], float]) -> str:
    known = [v for v in values if not math.isnan(v)]
    if len(known) == 1:
        return _short(known[0])
    return f"{_short(sum(known) / len(known))} ({_short(worst(known))})" if known else "–"


def _short(value: float) -> str:
    return f"{value:.1e}" if 0 < abs(value) < 5e-4 else f"{value:.3f}"
