"""A run's settings are read once from its stored config."""

import dataclasses
import json
from pathlib import Path

import pytest

from erasepro.config.stored_config import StoredConfig
from erasepro.results.read_version_2 import translate_config
from erasepro.results.settings import RunSettings

CONFIG = translate_config(json.loads((Path(__file__).parent / "version_2.json").read_text(encoding="utf-8"))["config"])


def test_what_reports_read():
    settings = RunSettings.of(StoredConfig(CONFIG))
    assert (settings.pairs, settings.kind) == ((("dog", "cat"),), "instance")
    assert (settings.model, settings.solver) == ("miniature", "erasepro")
    assert (settings.steps, settings.guidance, settings.seeds, settings.split) == (12, 3.0, (0,), "test")
    assert settings.prompt_sets == ("templates",)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.steps = 3


def test_a_run_without_prompt_sets_draws_the_projects_own_sentences():
    for prompts in (None, {}):
        assert RunSettings.of(StoredConfig(CONFIG | {"prompts": prompts})).prompt_sets == ("templates",)


def test_what_must_be_alike_in_one_table():
    comparable = RunSettings.of(StoredConfig(CONFIG)).comparable
    assert comparable["generation.max_retain"] == 8
    assert comparable["metrics.params.kid.network"] == "judge"
    assert {"generation.batch_size", "model.device", "metrics.names"}.isdisjoint(comparable)
    assert not any(key.startswith(("solver", "concepts", "tracker")) for key in comparable)


def test_a_config_without_what_reports_read_is_a_key_error():
    with pytest.raises(KeyError, match="generation"):
        RunSettings.of(StoredConfig({key: value for key, value in CONFIG.items() if key != "generation"}))
