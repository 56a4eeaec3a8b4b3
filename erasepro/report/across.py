"""Several runs in one table: the mean over runs and the worst of them, a row a method."""

from __future__ import annotations

import math
from collections.abc import Sequence

from erasepro.errors import UserError
from erasepro.report.cells import HOW, cell, counted
from erasepro.report.tables import Table
from erasepro.results.outcomes import ALL, WORDINGS, Outcome, Share

Run = tuple[str, str, str, Sequence[Outcome]]
"""(method, name of the run, protocol, its outcomes)."""


def across_table(runs: Sequence[Run], title: str = "Over all runs: mean ± standard error (worst)") -> Table:
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
    columns = [*(f"target ↓ {w}" for w in WORDINGS), "→ anchor ↑", "→ none"]
    columns += [*(f"kept/before ↑ {w}" for w in WORDINGS), "synonyms"]
    methods = list(dict.fromkeys(run[0] for run in runs))
    heads, rows = [], []
    for method in methods:
        mine = [outcomes for name, _, _, outcomes in runs if name == method]
        images = sum(o.own.n for outcomes in mine for o in outcomes if o.wording == ALL)
        heads.append((method, str(len(mine)), str(images)))
        cells = [cell([_of(o, "target", w, "own") for o in mine], max) for w in WORDINGS]
        cells.append(cell([_of(o, "target", ALL, "anchor") for o in mine], min))
        cells.append(cell([_of(o, "target", ALL, "none") for o in mine], max))
        cells += [cell([_of(o, "kept", w, "ratio") for o in mine], min) for w in WORDINGS]
        cells.append(cell([_of(o, "synonym", ALL, "own") for o in mine], max))
        rows.append(cells)
    texts, n = counted(columns, rows)
    title = f"{title}   [protocol {protocols[0]}]" if protocols else title
    full = tuple((*head, *text) for head, text in zip(heads, texts, strict=True))
    return Table(title, ("method", "runs", "images", *columns), full, " ".join(filter(None, [READING, HOW, n])))


READING = (
    "target, → anchor and → none: shares of the edited model's images of the erased concepts; kept/before: its accuracy "
    "on the other concepts over the original model's; synonyms: share that shows the target."
)


def _of(outcomes: Sequence[Outcome], role: str, wording: str, key: str) -> Share:
    for outcome in outcomes:
        if (outcome.role, outcome.wording) == (role, wording):
            found: Share = getattr(outcome, key)
            return found
    return Share(math.nan, 0, None)
