"""Filters compare typed cells and evaluate nothing."""

import pytest

from erasepro.config.prompt_sets import Filter
from erasepro.errors import UserError
from erasepro.prompts.sets.read import Record
from erasepro.prompts.sets.where import check_filter, meets

CELLS = {
    "share": "12.5",
    "kinds": "sexual, Self-Harm",
    "name": "ink",
    "count": 3,
    "none": "",
    "null": None,
    "list": ["a", "b"],
}


@pytest.mark.parametrize(
    ("column", "op", "value", "expected"),
    [
        ("share", ">", 0, True), ("share", ">", 12.5, False), ("share", ">=", 12.5, True), ("share", "<", 100, True),
        ("share", "<=", 9, False),  # as texts "12.5" would come before "9"
        ("share", "==", 12.5, True), ("share", "!=", 12.5, False),
        ("name", "==", "ink", True), ("name", "!=", "ink", False), ("name", "in", ["oil", "ink"], True),
        ("count", "==", "3", True), ("count", "in", [1, 3], True), ("count", "in", [1, 2], False),
        ("kinds", "has", "self-harm", True), ("kinds", "has", "harm", False), ("list", "has", "b", True),
        ("none", ">", 0, False), ("none", "==", "", False), ("null", "!=", 1, False), ("none", "has", "a", False),
    ],
)  # fmt: skip
def test_comparisons(column, op, value, expected):
    rule = Filter(column, op, value)
    check_filter(rule, "prompts.x.where[0]")
    assert meets(Record("line 2", CELLS), [rule]) is expected


def test_all_must_hold():
    rules = [Filter("share", ">", 0), Filter("name", "==", "oil")]
    assert not meets(Record("line 2", CELLS), rules)
    assert meets(Record("line 2", CELLS), rules[:1])
    assert meets(Record("line 2", CELLS), [])


def test_a_text_is_no_number():
    with pytest.raises(ValueError, match="name is 'ink', no number"):
        meets(Record("line 2", CELLS), [Filter("name", ">", 0)])


@pytest.mark.parametrize(
    ("op", "value", "said"),
    [
        ("=>", 1, "Unknown op of prompts.x.where[0] '=>'"),
        (">", [1], "'>' takes a number or a text"),
        ("in", 3, "'in' takes a list"),
        ("in", [], "'in' takes a list"),
        ("has", 3, "'has' takes a text"),
        ("==", None, "takes a number or a text"),
        ("==", True, "takes a number or a text"),
    ],
)
def test_a_filter_that_cannot_work_is_named(op, value, said):
    with pytest.raises(UserError) as caught:
        check_filter(Filter("a", op, value), "prompts.x.where[0]")
    assert said in str(caught.value)
