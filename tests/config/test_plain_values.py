"""Configs as plain dicts."""

import pytest

from erasepro.config.plain_values import ABSENT, at, differing, dotted_keys, leaves, overlaid, replaced

TREE = {"a": 1, "b": {"c": [1, 2], "d": {}, "e": None}}


def test_dotted_keys_are_groups_and_leaves():
    assert list(dotted_keys(TREE)) == ["a", "b", "b.c", "b.d", "b.e"]


def test_leaves_are_values_by_dotted_key_and_lists_are_values():
    assert leaves(TREE) == {"a": 1, "b.c": [1, 2], "b.e": None}


def test_differing_names_the_values_once_and_what_is_absent():
    configs = [{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 2, "c": "x"}]
    assert differing(configs) == {"b": ["2", "3"], "c": ["None", "x"]}
    assert differing([]) == differing(configs[:1]) == {}


@pytest.mark.parametrize(
    ("key", "value"), [("a", 1), ("b.c", [1, 2]), ("b.e", None), ("b.f", "none"), ("a.x", "none"), ("x.y.z", "none")]
)
def test_at_finds_what_is_there(key, value):
    assert at(TREE, key, "none") == value


def test_a_value_is_replaced_in_a_copy():
    assert replaced(TREE, "b.c", 3) == {"a": 1, "b": {"c": 3, "d": {}, "e": None}}
    assert replaced(TREE, "b.f.g", 1)["b"]["f"] == {"g": 1}
    assert replaced(TREE, "b.c", ABSENT)["b"] == {"d": {}, "e": None}
    assert replaced(TREE, "none", ABSENT) == TREE
    assert TREE["b"]["c"] == [1, 2]


def test_values_lie_over_defaults_group_by_group():
    assert overlaid({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 9}, "e": 0}) == {"a": 1, "b": {"c": 9, "d": 3}, "e": 0}
    assert overlaid({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
