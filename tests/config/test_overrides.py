"""What overrides say is read from their words alone."""

import pytest

from erasepro.config.overrides import named_keys, override_values, repeated_keys, swept_words


def test_values_and_keys():
    words = ["solver=uce", "generation={steps:3,guidance:2}", "+tracker.tags=[a]"]
    values = override_values(words)
    assert values["solver"] == "uce"
    assert list(values) == ["solver", "generation", "tracker.tags"]
    assert named_keys(words) == {"solver", "generation.steps", "generation.guidance", "tracker.tags"}


def test_what_a_sweep_goes_over():
    assert swept_words(["seed=1,2", "solver=uce,oce", "model=tiny"]) == "seed=1,2 solver=uce,oce"
    assert swept_words(["seed=1"]) is None


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (["seed=1", "seed=2"], {"seed": "seed=2"}),
        (["seed=1", "++seed=2", "solver=uce"], {"seed": "seed=2"}),
        (["seed=1,2", "seed=3"], {"seed": "seed=3"}),
        (["seed=1", "seed=1"], {}),
        (["+prompts=i2p", "+prompts=coco"], {}),
        (["~tracker.tags", "tracker.tags=[a]"], {}),
        ([], {}),
    ],
)
def test_a_key_that_is_given_twice(words, last):
    assert repeated_keys(words) == last
