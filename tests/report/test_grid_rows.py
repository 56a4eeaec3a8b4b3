"""Rows of a grid: each role has its share, concepts and phrasings are mixed, one seed of each prompt."""

from collections import Counter

from erasepro.generation import Row
from erasepro.report.grid_rows import grid_rows, spread_rows

ROLES = {"target": "dog", "synonym": "puppy", "anchor": "cat", "retain": "fox"}
ROWS = [
    Row(f"{role}-{phrasing}-{i:02}", f"{phrasing} {concept}{i}", seed, f"{concept}{i}", role, phrasing)
    for role, concept in ROLES.items()
    for phrasing in ("plain", "complex", "paraphrase")
    for i in range(8)
    for seed in (0, 1)
]


def test_nine_rows_of_four_roles():
    assert Counter(row.role for row in grid_rows(ROWS)) == {"target": 3, "synonym": 1, "anchor": 1, "retain": 4}


def test_more_rows_keep_the_shares_and_fewer_begin_with_the_targets():
    assert Counter(row.role for row in spread_rows(ROWS, 18)) == {"target": 6, "synonym": 2, "anchor": 2, "retain": 8}
    assert [row.role for row in spread_rows(ROWS, 2)] == ["target", "synonym"]
    assert len({row.id for row in spread_rows(ROWS, 18)}) == 18


def test_rows_of_no_role_are_taken_as_they_come():
    rows = [Row(f"p{i}", f"prompt {i}", 0) for i in range(12)]
    assert grid_rows(rows) == rows[:9]
    assert spread_rows(rows, 30) == rows
