"""Cells of tables over several runs: ``0.250±0.108 (0.500) [60]``, the mean, its standard error, the worst run, and n."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from erasepro.report.number_cell import NumberCell, number_of
from erasepro.results.interval import UNBOUNDED, Bounds, interval
from erasepro.results.recognition import Share

HOW = (
    "±: one standard error of the mean over a method's runs, √(Σ se²) / runs, where each run has one; [a–b]: an interval, "
    "where ± would pass 0 or 1. (…): the worst of several runs. n, or [n]: images over a method's runs."
)
NOTHING = "–"


def cell(
    shares: Sequence[Share],
    worst: Callable[[Sequence[float]], float],
    bounds: Bounds = UNBOUNDED,
    pairs: Sequence[str] = (),
) -> str:
    """One method's cell from its runs' numbers, those that are NaN left out: a `NumberCell`, or `NOTHING`.

    Args:
        bounds: what the numbers can be: where ± would pass an end, an interval takes its place.
        pairs: the outer cluster (`clusters.name_pairs`) of each run. Of two or more pairs the bootstrap's interval over them
            takes the place of ±; of one, or none given, the runs are taken as independent.
    """
    counted_shares = [share for share in shares if not math.isnan(share.value)]
    if not counted_shares:
        return NOTHING
    values = [share.value for share in counted_shares]
    errors = [share.stderr for share in counted_shares if share.stderr is not None]
    mean, n = sum(values) / len(values), sum(share.n for share in counted_shares)
    known = len(errors) == len(counted_shares)
    stderr = math.sqrt(sum(error**2 for error in errors)) / len(counted_shares) if known else None
    ends = interval(mean, n, stderr, bounds)
    over_pairs = _ends_over_pairs(shares, pairs) if known else None
    text = short(mean)
    if over_pairs is not None:
        text += f" {{{'–'.join(map(short, over_pairs))}}}"
    elif ends is not None:
        text += f" [{'–'.join(str(int(end)) if end in (0, 1) else short(end) for end in ends)}]"
    elif stderr is not None:
        text += f"±{short(stderr)}"
    worst_value = worst(values) if len(counted_shares) > 1 else None
    text += f" ({short(worst_value)})" if worst_value is not None else ""
    return NumberCell(text, mean, stderr, n, worst=worst_value, rounded=float(short(mean)))


def _ends_over_pairs(shares: Sequence[Share], pairs: Sequence[str]) -> tuple[float, float] | None:
    """The bootstrap's interval of the mean over runs, pairs drawn anew; None where it tells nothing (`bootstrap.Estimate`)."""
    if len(set(pairs)) < 2:
        return None
    from erasepro.results.bootstrap import mean_over_clusters  # here: numpy, which a single run's tables do without

    by_pair: dict[Hashable, list[float]] = {}
    for share, pair in zip(shares, pairs, strict=True):
        if not math.isnan(share.value):
            by_pair.setdefault(pair, []).append(share.value)
    estimate = mean_over_clusters(by_pair)
    return None if estimate.low is None or estimate.high is None else (estimate.low, estimate.high)


def explain_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """The note's sentence on intervals over pairs; "" where no method was run on two.

    Args:
        pairs: of each method, the pair of each of its runs.
    """
    counts = sorted({len(set(own)) for own in pairs if len(set(own)) > 1})
    if not counts:
        return ""
    from erasepro.results.bootstrap import CONFIDENCE, ENOUGH  # here: numpy

    text = f"{{a–b}}: a {100 * CONFIDENCE:.0f} % interval of the mean, by bootstrap over the concept pairs, in place of ±"
    few = [f"{100 * (1 - 2.0 ** (1 - count)):.0f} % of {count}" for count in counts if count < ENOUGH]
    return f"{text}; it covers no more than {', '.join(few)} pairs: run {ENOUGH}." if few else f"{text}."


def annotate_counts(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], str]:
    """The rows' cells, and a note with each column's n; where its rows differ in n, their cells say it: ``[60]``."""
    shared: dict[int, list[str]] = {}
    texts = [list(row) for row in rows]
    for column, name in enumerate(header):
        numbers = [number_of(row[column]) for row in rows]
        counts = {cell.n for cell in numbers if cell is not None} - {0}
        if len(counts) == 1:
            shared.setdefault(counts.pop(), []).append(name)
            continue
        for text, cell in zip(texts, numbers, strict=True):
            if cell is not None and cell.n:
                text[column] = cell.with_text(f"{cell} [{cell.n}]")
    notes = [f"{n}: {'all columns' if names == list(header) else ', '.join(names)}" for n, names in shared.items()]
    return texts, f"n = {'; '.join(notes)}." if notes else ""


def short(value: float) -> str:
    """Three digits that matter: ``0.250``, ``12.3``, ``743``, ``1.0e-08``."""
    size = abs(value)
    if 0 < size < 5e-4:
        return f"{value:.1e}"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3f}"


def format_number(value: Any, form: str) -> str:
    """The value in a format (``{:.3f}``), as a `NumberCell`; ``–`` for None and NaN."""
    if value is None or math.isnan(value):
        return NOTHING
    text = form.format(value)
    return NumberCell(text, value, rounded=float(text))
