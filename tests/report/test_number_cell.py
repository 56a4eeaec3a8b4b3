"""A cell is its text, and knows its number."""

import copy
import json
import math
import pickle

from erasepro.report.number_cell import NumberCell, number_of


def test_it_is_its_text_and_knows_its_number():
    cell = NumberCell("0.250±0.108", 0.25, 0.108, 12, worst=0.5, rounded=0.25)
    assert cell == "0.250±0.108"
    assert json.dumps([cell]) == json.dumps(["0.250±0.108"])
    longer = cell.with_text("1.000 → 0.250±0.108", 1.0)
    assert (longer.value, longer.stderr, longer.n, longer.worst, longer.original) == (0.25, 0.108, 12, 0.5, 1.0)
    assert longer.with_text("x").original == 1.0


def test_copies_keep_the_number():
    cell = NumberCell("0.25", 0.2499, n=3)
    for again in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):  # noqa: S301 - our own bytes
        assert (again, again.value, again.n) == ("0.25", 0.2499, 3)


def test_text_and_nan_are_no_numbers():
    assert number_of("0.25") is None
    assert number_of(NumberCell("–", math.nan)) is None
