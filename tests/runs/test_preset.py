"""The preset that a solver's settings are nearest to."""

import pytest
from omegaconf import OmegaConf

from erasepro.config.paths import options
from erasepro.runs.preset import nearest_preset
from erasepro.runs.resolve import compose


def settings(*words):
    return OmegaConf.to_container(compose(list(words)).solver, resolve=True)


@pytest.mark.parametrize("preset", options("solver"))
def test_a_preset_as_it_stands_is_named_alone(preset):
    named = nearest_preset(settings(f"solver={preset}"))
    assert named in options("solver"), "with nothing changed in it"
    assert settings(f"solver={named}") == settings(f"solver={preset}"), "where two are the same, either's name"


def test_what_was_changed_is_named_with_the_preset_it_was_changed_in():
    assert nearest_preset(settings("solver=uce_best", "solver.ridge=7")) == "uce_best ridge=7.0"
    assert nearest_preset(settings("solver=erasepro", "solver.cross_attention_fit.independence_threshold=0.2")) == (
        "erasepro cross_attention_fit.independence_threshold=0.2"
    )


def test_settings_that_spell_another_preset_out_are_that_preset():
    best = settings("solver=uce_best")
    words = [f"solver.{key}={best[key]}" for key, value in settings("solver=uce").items() if best[key] != value]
    assert words
    assert nearest_preset(settings("solver=uce", *words)) == "uce_best"


def test_a_solver_that_no_file_knows_is_named_by_all_its_settings():
    assert nearest_preset({"name": "theirs", "a": 1, "b": {"c": 2}}) == "theirs a=1 b.c=2"
