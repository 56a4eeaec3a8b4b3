"""Several runs in one table: the mean over runs and the worst of them, a row a method."""

from __future__ import annotations

import math
from collections.abc import Sequence

from erasepro.errors import UserError
from erasepro.report.cells import HOW, annotate_counts, cell
from erasepro.report.tables import RETENTION, Table
from erasepro.results.recognition import ALL, PHRASINGS, RecognitionRates, Share

Run = tuple[str, str, str, Sequence[RecognitionRates]]
"""(method, name of the run, protocol, its recognition rates)."""


def across_table(runs: Sequence[Run], title: str = "Over all runs: mean ± standard error (worst)") -> Table:
    """One row a method: what is left of the target by phrasing, what came instead, what is retained of the others.

    The retention is the edited model's accuracy on the other concepts over the original's, same prompts and seeds.

    Raises:
        UserError: the runs were made under different protocols: such numbers may not share a column.
    """
    protocols = sorted({protocol for _, _, protocol, _ in runs})
    if len(protocols) > 1:
        raise UserError(
            f"Runs of different protocols may not share a column: {' and '.join(protocols)}. Report them separately."
        )
    columns = [*(f"target ↓ {w}" for w in PHRASINGS), "anchor shown ↑", "unrecognised"]
    columns += [*(f"{RETENTION} ↑ {w}" for w in PHRASINGS), "synonyms"]
    methods = list(dict.fromkeys(run[0] for run in runs))
    heads, rows = [], []
    for method in methods:
        rates_of_runs = [rates for name, _, _, rates in runs if name == method]
        images = sum(o.concept_shown.n for rates in rates_of_runs for o in rates if o.phrasing == ALL)
        heads.append((method, str(len(rates_of_runs)), str(images)))
        cells = [cell([_share_of(o, "target", w, "concept_shown") for o in rates_of_runs], max) for w in PHRASINGS]
        cells.append(cell([_share_of(o, "target", ALL, "anchor_shown") for o in rates_of_runs], min))
        cells.append(cell([_share_of(o, "target", ALL, "unrecognised") for o in rates_of_runs], max))
        cells += [cell([_share_of(o, "retain", w, "retention") for o in rates_of_runs], min) for w in PHRASINGS]
        cells.append(cell([_share_of(o, "synonym", ALL, "concept_shown") for o in rates_of_runs], max))
        rows.append(cells)
    texts, n = annotate_counts(columns, rows)
    title = f"{title}   [protocol {protocols[0]}]" if protocols else title
    full = tuple((*head, *text) for head, text in zip(heads, texts, strict=True))
    return Table(title, ("method", "runs", "images", *columns), full, " ".join(filter(None, [READING, HOW, n])))


READING = (
    "target, anchor shown and unrecognised: shares of the edited model's images of the erased concepts; retention: its "
    "accuracy on the other concepts over the original model's; synonyms: share that shows the target."
)


def _share_of(run: Sequence[RecognitionRates], role: str, phrasing: str, key: str) -> Share:
    for rates in run:
        if (rates.role, rates.phrasing) == (role, phrasing):
            share: Share = getattr(rates, key)
            return share
    return Share(math.nan, 0, None)
