"""JSON against its form: the key that is wrong is named, and what it should be."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

import pytest

from erasepro.runtime.typed_json import WrongForm, check_json


class Inner(TypedDict):
    n: int
    share: float | None


class Outer(TypedDict):
    name: str
    parts: list[Inner]
    by_name: dict[str, Inner | None]
    flag: NotRequired[bool]
    free: NotRequired[Any]


GOOD = {"name": "a", "parts": [{"n": 1, "share": 1}], "by_name": {"x": None, "y": {"n": 0, "share": 0.5}}}


def test_what_has_the_form_passes():
    check_json(GOOD, Outer)
    check_json(GOOD | {"flag": True, "free": [{}], "later": 1}, Outer)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name is None, not text"),
        ({"parts": {}}, "parts is {}, not a list"),
        ({"parts": [{"n": 1, "share": 1.0}, {"n": 1.5, "share": 1.0}]}, r"parts\[1\]\.n is 1\.5, not a whole number"),
        ({"parts": [{"n": True, "share": None}]}, r"parts\[0\]\.n is True, not a whole number"),
        ({"parts": [{"n": 1}]}, r"parts\[0\]\.share is missing"),
        ({"parts": [{"n": 1, "share": "x"}]}, r"parts\[0\]\.share is 'x', not a number or null"),
        ({"by_name": {"x": {"n": "1", "share": 1.0}}}, r"by_name\.x\.n is '1', not a whole number"),
        ({"by_name": {"x": 5}}, r"by_name\.x is 5, not an object or null"),
        ({"flag": 1}, "flag is 1, not true or false"),
    ],
)
def test_what_has_not_is_named(change, message):
    with pytest.raises(WrongForm, match=f"^{message}$"):
        check_json(GOOD | change, Outer)


def test_a_value_that_is_no_object_at_all_is_the_file():
    with pytest.raises(WrongForm, match=r"the file is 'x.*…, not an object"):
        check_json("x" * 100, Outer)


def test_a_tuple_is_a_list_of_its_length():
    check_json([["dog", "cat"], ["a", ""]], list[tuple[str, str]])
    for value, message in (
        ([["dog"]], r"pairs\[0\] is \['dog'\], not a list of 2"),
        ([["dog", 3]], r"pairs\[0\]\[1\] is 3, not text"),
        ([3], r"pairs\[0\] is 3, not a list of 2"),
    ):
        with pytest.raises(WrongForm, match=message):
            check_json(value, list[tuple[str, str]], "pairs")
