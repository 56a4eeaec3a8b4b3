"""A stored config is read by dotted keys, and changed only in copies."""

from erasepro.config.stored_config import TEMPLATES, StoredConfig

STORED = StoredConfig({"a": [1, "ß"], "b": {"c": None, "d": 1e-5}, "prompts": {"i2p": {}, "coco": {}}})


def test_values_are_read_by_dotted_keys():
    assert (STORED.at("b.d"), STORED.at("a")) == (1e-5, [1, "ß"])
    assert STORED.at("b.c", "missing") is None, "None is a value"
    assert (STORED.at("b.x", "missing"), STORED.at("a.b", "missing"), STORED.at("x")) == ("missing", "missing", None)


def test_leaves_are_all_values_by_dotted_key():
    assert StoredConfig({"a": [1], "b": {"c": None, "d": {"e": 2}}}).leaves() == {"a": [1], "b.c": None, "b.d.e": 2}


def test_replaced_values_are_in_a_copy():
    changed = STORED.replaced({"b.c": 2, "n.m": 3})
    assert (changed.at("b.c"), changed.at("b.d"), changed.at("n.m")) == (2, 1e-5, 3)
    assert (STORED.at("b.c"), STORED.at("n.m")) == (None, None)


def test_prompt_sets_are_those_chosen_or_the_projects_own():
    assert STORED.prompt_sets == ["i2p", "coco"]
    assert StoredConfig({"prompts": {}}).prompt_sets == StoredConfig({}).prompt_sets == [TEMPLATES]
