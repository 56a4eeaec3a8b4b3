"""Presets named after a paper against the weights that its authors' function gives on the same model and concepts.

Each fixture's metadata names repository, commit, function and settings, and what of the function was corrected, if anything.
"""

import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from tests.solvers.published import (
    CAPTIONS,
    FIXTURES,
    NAMES,
    TOLERANCE,
    largest_difference,
    preset_edit,
    published_model,
    published_prompts,
    published_weights,
)


@pytest.fixture(scope="module")
def model():
    return published_model()


def check(model, fixture, case, preset, prompts, **options):
    edit = preset_edit(model, preset, prompts, **options)
    assert largest_difference(model, edit, published_weights(fixture, case)) < TOLERANCE
    return edit


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_fixture_is_small_and_says_how_it_was_made(path):
    assert path.stat().st_size < 300_000
    with safe_open(path, framework="pt") as file:
        facts = file.metadata()
    cases = {key.partition("/")[0] for key in load_file(path)}
    assert {"repository", "model", "precision", *cases} <= set(facts)
    assert all("commit" in facts[case] for case in cases)


@pytest.mark.parametrize(("preset", "case"), [("uce", "present"), ("uce_published", "published")])
def test_uce(model, preset, case):
    check(model, "uce", case, preset, published_prompts())


@pytest.mark.parametrize(
    ("case", "options"),
    [("objects", {"preserve": "none"}), ("art", {"eta": 1e-3, "epochs": 2, "anchor_source": "anchor"})],
)
def test_rece(model, case, options):
    check(model, "rece", case, "rece", published_prompts(), **options)


NUDITY = (("nudity", ""),)


@pytest.mark.parametrize(
    ("case", "preset", "prompts", "options"),
    [
        ("few", "speed", published_prompts((*NAMES, "a dog house")), {}),
        ("plain", "speed", published_prompts(), {"copies": 0}),
        ("many", "speed_many", published_prompts(), {}),
        ("nudity", "speed_nudity", published_prompts(pairs=NUDITY, templates=("{}",)), {}),
    ],
    ids=["few", "no copies", "many", "nudity"],
)
def test_speed(model, case, preset, prompts, options):
    check(model, "speed", case, preset, prompts, **options)


@pytest.mark.parametrize("residual", ["state", "output"])
def test_emcid(model, residual):
    """Its code adds no ridge to Cov."""
    check(model, "emcid", residual, "emcid", published_prompts(), ridge=0.0, residual=residual)


def test_alphaedit(model):
    check(model, "alphaedit", "state", "alphaedit", published_prompts(preserve=CAPTIONS[::6]))
