"""A run's specification: typed, never changed, with the words that its concepts are in."""

import dataclasses

import pytest

from erasepro.config.schema import GenerationConfig
from erasepro.runs.resolve import resolve, spec_of_stored
from erasepro.solvers import SOLVERS


@pytest.mark.parametrize(("model", "vocabulary"), [("miniature", "miniature"), ("sd14", "open"), ("tiny", "open")])
def test_the_model_decides_the_vocabulary(model, vocabulary):
    assert resolve([f"model={model}"]).vocabulary == vocabulary


def test_everything_is_typed_and_recorded_as_plain_values():
    spec = resolve(["solver=uce", "solver.ridge=2", "generation.steps=7", "seed=5"])
    assert isinstance(spec.generation, GenerationConfig)
    assert isinstance(spec.solver, SOLVERS.config("uce"))
    assert (spec.solver_name, spec.solver.ridge, spec.generation.steps, spec.seed) == ("uce", 2.0, 7, 5)
    keys = ("solver.name", "solver.ridge", "generation.steps", "seed", "name")
    assert [spec.stored.at(key) for key in keys] == ["uce", 2.0, 7, 5, spec.name]


def test_it_is_not_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        resolve().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "belongs"),
    [
        ([], False),
        (["experiments=demo"], False),
        (["concepts=mini/instance_5"], False),
        (["concepts=mini/faces"], True),
        (["metrics=miniature"], True),
        (["metrics=[nudenet]"], True),
        (["metrics=nudity", "concepts=mini/pair_dog"], True),
    ],
)
def test_nudenet_is_counted_where_people_are_erased_or_where_it_was_asked_for(words, belongs):
    spec = resolve(words)
    assert ("nudenet" in spec.metrics.names) is belongs
    assert spec.stored.at("metrics.names") == list(spec.metrics.names)
    assert spec.metrics.names


def test_the_name_of_a_stored_run_follows_its_method():
    stored = resolve(["debug=tiny", "solver=uce_best", "solver.ridge=7"]).stored
    assert spec_of_stored(stored).name == stored.at("name") == "tiny-mini-instance-1-uce_best+ridge_7.0"
    changed = spec_of_stored(stored.replaced({"solver.ridge": 8.0}), ["solver.ridge=8"])
    assert (changed.name, changed.stored["method"]) == ("tiny-mini-instance-1-uce_best+ridge_8.0", "uce_best ridge=8.0")
    assert spec_of_stored(stored.replaced({"solver.ridge": 8.0, "name": "mine"}), ["name=mine"]).name == "mine"
