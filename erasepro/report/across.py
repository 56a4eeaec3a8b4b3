"""Several runs in one table: the mean over runs and the worst of them, a row a method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from erasepro.errors import UserError
from erasepro.report.cells import HOW, annotate_counts, cell, explain_pairs, format_number
from erasepro.report.table import Table
from erasepro.report.tables import RETENTION, quick_look_note
from erasepro.results.interval import SHARE, SIZE
from erasepro.results.recognition import ALL, PHRASINGS, RecognitionRates, Share
from erasepro.results.unscored import count_unscored

Run = tuple[str, str, str, Sequence[RecognitionRates]]
"""(method, name of the run, protocol, its recognition rates)."""
Rates = Sequence[Sequence[RecognitionRates]]
Worst = Callable[[Sequence[float]], float]


def across_table(
    runs: Sequence[Run], title: str = "Over all runs: mean ± standard error (worst)", pairs: Sequence[str] = ()
) -> Table:
    """One row a method: what is left of the target by phrasing, what came instead, what is retained of the others.

    The retention is the edited model's accuracy on the other concepts over the original's, same prompts and seeds.

    Args:
        pairs: the outer cluster (`clusters.name_pairs`) of each run, over which intervals are made; none: as of one pair.

    Raises:
        UserError: the runs were made under different protocols: such numbers may not share a column.
    """
    protocols = sorted({protocol for _, _, protocol, _ in runs})
    if len(protocols) > 1:
        raise UserError(
            f"Runs of different protocols may not share a column: {' and '.join(protocols)}. Report them separately."
        )
    wordings = _wordings(runs)
    columns = _columns(wordings)
    methods = list(dict.fromkeys(run[0] for run in runs))
    heads, rows, pairs_of_methods = [], [], list[Sequence[str]]()
    for method in methods:
        rates_of_runs = [rates for name, _, _, rates in runs if name == method]
        images = sum(o.concept_shown.n for rates in rates_of_runs for o in rates if o.phrasing == ALL)
        unscored = sum(count_unscored(rates).count for rates in rates_of_runs)
        counts = len(rates_of_runs), images, unscored
        heads.append((method, *(format_number(count, "{}") for count in counts)))

        pairs_of_runs = [pair for pair, run in zip(pairs, runs, strict=True) if run[0] == method] if pairs else []
        pairs_of_methods.append(pairs_of_runs)

        def mean(
            role: str,
            phrasing: str,
            key: str,
            worst: Worst,
            rates_of_runs: Rates = rates_of_runs,
            pairs_of_runs: Sequence[str] = pairs_of_runs,
        ) -> str:
            shares = [_share_of(rates, role, phrasing, key) for rates in rates_of_runs]
            return cell(shares, worst, SIZE if key == "retention" else SHARE, pairs_of_runs)

        cells = [mean("target", phrasing, "concept_shown", max) for phrasing in wordings]
        cells += [mean("target", ALL, "anchor_shown", min), mean("target", ALL, "unrecognised", max)]
        cells += [mean("retain", phrasing, "retention", min) for phrasing in wordings]
        rows.append([*cells, mean("synonym", ALL, "concept_shown", max)])
    texts, n = annotate_counts(list(columns), rows)
    title = f"{title}   [protocol {protocols[0]}]" if protocols else title
    full = tuple((*head, *text) for head, text in zip(heads, texts, strict=True))
    few = [quick_look_note([rates for name, _, _, rates in runs if name == method]) for method in methods]
    reading = " ".join(filter(None, [READING, HOW, explain_pairs(pairs_of_methods), n]))
    note = "\n".join(filter(None, [min(filter(None, few), default=""), reading]))
    better = (None, None, None, None, *columns.values())
    return Table(title, ("method", "runs", "images", "unscored", *columns), full, note, may_turn=True, higher_is_better=better)


def _wordings(runs: Sequence[Run]) -> list[str]:
    """The wordings that have columns: those of the templates, the prompt sets that were drawn, and all together.

    Of a prompt set's rows the wording is the set's name. Where there is no prompt but one set's, all together says it.
    """
    drawn = dict.fromkeys(rates.phrasing for _, _, _, groups in runs for rates in groups if rates.phrasing != ALL)
    sets = [name for name in drawn if name not in PHRASINGS]
    if sets and len(sets) == len(drawn):
        return [*(sets if len(sets) > 1 else []), ALL]
    return [*PHRASINGS, *sets, ALL]


def _columns(wordings: Sequence[str]) -> dict[str, bool | None]:
    """The name of each column of shares, and whether a greater one is better."""
    return {
        **{f"target ↓ {wording}": False for wording in wordings},
        "anchor shown ↑": True,
        "unrecognised": None,
        **{f"{RETENTION} ↑ {wording}": True for wording in wordings},
        "synonyms ↓": False,
    }


READING = (
    "target, anchor shown and unrecognised: shares of the edited model's images of the erased concepts; retention: its "
    "accuracy on the other concepts over the original model's; synonyms: share that shows the target; all: every wording and "
    "prompt set together. unscored: images that the judge named nothing in, or that failed; the former are in unrecognised."
)


def _share_of(run: Sequence[RecognitionRates], role: str, phrasing: str, key: str) -> Share:
    for rates in run:
        if (rates.role, rates.phrasing) == (role, phrasing):
            share: Share = getattr(rates, key)
            return share
    return Share(math.nan, 0, None)
