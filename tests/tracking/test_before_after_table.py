"""Which pictures are shown: the first of any number of them are spread."""

from __future__ import annotations

from collections import Counter

import pytest

from erasepro.generation.worklist import Row
from erasepro.tracking.before_after_table import spread

ROWS = [
    Row(f"{role}-{concept}-{phrasing}-{i}", "p", seed, concept, role, phrasing)
    for role, concepts in (("target", "ab"), ("anchor", "x"), ("retain", "cdefgh"))
    for concept in concepts
    for phrasing in ("plain", "complex")
    for i in range(2)
    for seed in range(3)
]


@pytest.mark.parametrize("number", [3, 6, 12])
def test_roles_share_alike(number):
    assert set(Counter(row.role for row in spread(ROWS, number)).values()) == {number // 3}


def test_within_a_role_concepts_then_phrasings():
    kept = [row for row in spread(ROWS, 36) if row.role == "retain"]
    assert [row.concept for row in kept[:6]] == list("cdefgh")
    assert {row.phrasing for row in kept[:6]} == {"plain"}
    assert {row.phrasing for row in kept[6:12]} == {"complex"}


def test_a_role_with_few_rows_leaves_its_place_to_others():
    few = [row for row in ROWS if row.role == "target"][:1] + [row for row in ROWS if row.role == "retain"]
    assert Counter(row.role for row in spread(few, 10)) == {"target": 1, "retain": 9}


def test_more_than_there_are_is_all_of_them_once():
    assert sorted(row.name for row in spread(ROWS, 10_000)) == sorted(row.name for row in ROWS)
    assert spread(ROWS, 0) == []
    assert spread([], 5) == []
