"""Which test prompts the residual of an edit is measured on."""

from dataclasses import replace

import pytest

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.errors import UserError
from erasepro.prompts.evaluation_prompts import make_evaluation_prompts as own_prompts
from erasepro.runs.erase import check_measured
from erasepro.runs.erase import residual_pairs as paired

DOG = ConceptPair("dog", "cat")
SET = ConceptSet("two", "instance", (DOG, ConceptPair("lion", "")), vocabulary="open")


def targets():
    """A prompt a target."""
    found = {}
    for test in own_prompts(SET, "test"):
        if test.role == "target":
            found.setdefault(test.concept, test)
    return found


def test_a_target_prompt_stands_beside_the_same_sentence_about_the_anchor():
    test = targets()["dog"]
    (pair,) = paired([test], SET)
    assert (pair.target_prompt, pair.anchor_prompt, pair.pair) == (test.prompt, test.anchor_prompt, DOG)
    assert "dog" in pair.target_prompt
    assert "cat" in pair.anchor_prompt


def test_a_sentence_counts_once_whatever_its_seeds():
    test = targets()["dog"]
    assert len(paired([test, replace(test, concept="dog"), test], SET)) == 1


def test_what_is_no_sentence_about_a_target_is_left_out():
    test = targets()["dog"]
    others = [
        replace(test, role="kept"),
        replace(test, role="synonym"),
        replace(test, concept="bird"),
        replace(test, prompt="a sentence that names nothing"),
        replace(test, anchor_prompt=""),  # a published prompt
    ]
    assert paired(others, SET) == []


def test_an_empty_anchor_needs_no_sentence_of_its_own():
    test = targets()["lion"]
    (pair,) = paired([replace(test, anchor_prompt="")], SET)
    assert pair.anchor_prompt == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_of_zeros_is_refused_before_an_edit_is_saved(value):
    good = {"selected": 0.0, "held_out": {"pairs": 25, "residual": 0.1, "residual_before": 1.0}}
    check_measured(good, "sd15")
    check_measured({}, "sd15")
    with pytest.raises(UserError, match="The layers of 'sd15' give zeros or no numbers"):
        check_measured(good | {"held_out": {"pairs": 25, "residual": value}}, "sd15")
