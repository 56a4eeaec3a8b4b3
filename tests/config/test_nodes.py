"""From omegaconf's nodes to stored configs, and back to the text of a file."""

import pytest
from omegaconf import MissingMandatoryValue, OmegaConf

from erasepro.config.nodes import stored_config, unresolved_config, yaml_text
from erasepro.config.stored_config import StoredConfig
from erasepro.config.stored_file import read_plain


def test_a_config_becomes_plain_with_its_references_resolved():
    cfg = OmegaConf.create({"a": 1, "b": {"c": "${a}", "d": [1, {"e": 2}]}})
    found = stored_config(cfg).values
    assert found == {"a": 1, "b": {"c": 1, "d": [1, {"e": 2}]}}
    assert type(found["b"]) is dict
    assert type(found["b"]["d"]) is list


def test_a_value_that_was_left_open_is_not_passed_over():
    with pytest.raises(MissingMandatoryValue):
        stored_config(OmegaConf.create({"a": "???"}))


def test_unresolved_values_are_as_the_files_have_them():
    assert unresolved_config(OmegaConf.create({"a": "???", "b": "${a}"})).values == {"a": "???", "b": "${a}"}


def test_what_is_written_is_read_again(tmp_path):
    stored = StoredConfig({"a": [1, "ß"], "b": {"c": None, "d": 1e-5}, "prompts": {"i2p": {}}})
    file = tmp_path / "config.yaml"
    file.write_text(yaml_text(stored), encoding="utf-8")
    assert read_plain(file) == stored
