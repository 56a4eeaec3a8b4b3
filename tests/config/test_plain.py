"""Configs as plain dicts."""

import pytest
from omegaconf import MissingMandatoryValue, OmegaConf

from erasepro.config.plain import at, differing, dotted_keys, leaves, plain

TREE = {"a": 1, "b": {"c": [1, 2], "d": {}, "e": None}}


def test_a_config_becomes_plain_with_its_references_resolved():
    cfg = OmegaConf.create({"a": 1, "b": {"c": "${a}", "d": [1, {"e": 2}]}})
    found = plain(cfg)
    assert found == {"a": 1, "b": {"c": 1, "d": [1, {"e": 2}]}}
    assert type(found["b"]) is dict
    assert type(found["b"]["d"]) is list


def test_a_value_that_was_left_open_is_not_passed_over():
    with pytest.raises(MissingMandatoryValue):
        plain(OmegaConf.create({"a": "???"}))


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
