"""Which cells of a table are the best of their column, and which come second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from erasepro.report.number_cell import number_of


class Rank(Enum):
    """The place of a cell in its column."""

    BEST = "best"
    SECOND = "second"


Ranks = Mapping[tuple[int, int], Rank]
"""(row, column) -> its place, both from 0, the header not counted."""

LEGEND = "Bold: the best; underlined: the second best."
"""The line under a table whose cells are marked."""


def rank_cells(rows: Sequence[Sequence[str]], higher_is_better: Sequence[bool | None]) -> dict[tuple[int, int], Rank]:
    """The best and the second best cells of each column.

    Cells that show the same number rank alike: all that show the best one are best, and where these are several there is no
    second. A column of which fewer than two rows have a number has neither.

    Args:
        rows: without the header; numbers are `number_cell.NumberCell`.
        higher_is_better: of each column; None: no number of it is better than another.
    """
    ranks: dict[tuple[int, int], Rank] = {}
    for column, higher in enumerate(higher_is_better):
        cells = {place: number_of(row[column]) for place, row in enumerate(rows)}
        numbers = {place: cell.rounded for place, cell in cells.items() if cell is not None}
        if higher is None or len(numbers) < 2:
            continue
        order = sorted(set(numbers.values()), reverse=higher)
        best = [place for place, number in numbers.items() if number == order[0]]
        second = [place for place, number in numbers.items() if len(best) == 1 and number in order[1:2]]
        ranks |= {(place, column): Rank.BEST for place in best} | {(place, column): Rank.SECOND for place in second}
    return ranks
