"""The best and the second of a column, by the column's direction, as the numbers are shown."""

import math

import pytest

from erasepro.report.number_cell import NumberCell
from erasepro.report.ranks import Rank, rank_cells

BEST, SECOND = Rank.BEST, Rank.SECOND


def ranks(values, higher):
    rows = [(f"row {i}", NumberCell("x", v, rounded=round(v, 3)) if v is not None else "–") for i, v in enumerate(values)]
    places = rank_cells(rows, (None, higher))
    assert {column for _, column in places} <= {1}
    return [places.get((i, 1)) for i in range(len(values))]


@pytest.mark.parametrize(
    ("values", "higher", "expected"),
    [
        ([0.1, 0.3, 0.2], False, [BEST, None, SECOND]),
        ([0.1, 0.3, 0.2], True, [None, BEST, SECOND]),
        ([0.1, 0.3, 0.2], None, [None, None, None]),
        ([0.1001, 0.1004, 0.2], False, [BEST, BEST, None]),  # alike as shown: no second
        ([0.1, 0.2, 0.2, 0.3], False, [BEST, SECOND, SECOND, None]),
        ([0.1, 0.1], False, [BEST, BEST]),
        ([0.1, None, 0.2], True, [SECOND, None, BEST]),
        ([0.1, None], True, [None, None]),  # nothing to compare it with
        ([0.1, math.nan, 0.2], False, [BEST, None, SECOND]),
        ([-1.0, math.inf], False, [BEST, SECOND]),
        ([], False, []),
    ],
)
def test_cells_are_ranked_as_they_are_shown(values, higher, expected):
    assert ranks(values, higher) == expected


def test_columns_without_a_direction_and_text_are_not_ranked():
    rows = [("a", "0.1"), ("b", "0.2")]
    assert rank_cells(rows, (None, True)) == {}
    assert rank_cells(rows, ()) == {}
