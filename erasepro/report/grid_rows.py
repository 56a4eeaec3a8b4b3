"""Which pictures go into the before/after grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from erasepro.generation.worklist import Row

GRID = (("target", 3), ("synonym", 1), ("anchor", 1), ("retain", 4))
"""Pictures in the before/after grid by role."""


def grid_rows(rows: Iterable[Row]) -> list[Row]:
    """A few rows of each role, phrasings and concepts mixed, first seed only."""
    return spread_rows(rows, sum(number for _, number in GRID))


def spread_rows(rows: Iterable[Row], count: int) -> list[Row]:
    """At most ``count`` rows, each role's share of them as in `grid_rows`; all where roles are unknown."""
    listed = list(rows)
    first = list({row.id: row for row in reversed(listed)}.values())[::-1]
    picked: list[Row] = []
    for role, share in GRID:
        number = -(-share * count // sum(share for _, share in GRID))
        rows_of_role = [row for row in first if row.role == role]
        # an id ends in its number
        spread = sorted(rows_of_role, key=lambda row: (row.id.rpartition("-")[2], row.phrasing))
        varied = [next(group) for _, group in groupby(spread, key=lambda row: (row.phrasing, row.concept))]
        picked += _concepts_first(varied, number)
    return (picked or first)[:count]


def _concepts_first(rows: Sequence[Row], number: int) -> list[Row]:
    """The first ``number`` rows in the order: of every concept its first, then of every concept its second, and so on."""
    turns_of: Counter[str] = Counter()
    turns = []
    for row in rows:
        turns.append(turns_of[row.concept])
        turns_of[row.concept] += 1
    order = sorted(range(len(rows)), key=lambda i: turns[i])
    return [rows[i] for i in order[:number]]
