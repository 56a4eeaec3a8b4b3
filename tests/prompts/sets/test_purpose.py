"""What a row of a file is for, where its concept column, or its prompt alone, has to tell."""

import pytest

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.prompts.evaluation_prompts import EvaluationPrompt
from erasepro.prompts.sets import load_prompts
from erasepro.prompts.sets.purpose import purpose
from erasepro.prompts.sets.record import purposes_of

OWN = PromptSetConfig(role="by_concept")
PAIRS = (ConceptPair("bear", "balloon"), ConceptPair("singer", "painter"))
SET = ConceptSet("pairs", "instance", PAIRS, ("tower bridge", "teddy bear"), synonyms=(("singer", ("vocalist",)),))
MINIATURE = ConceptSet("pairs", "instance", (ConceptPair("dog", "cat"),), vocabulary="miniature")


def told(prompt, concepts=SET, named=None):
    what = purpose(OWN, named, concepts, prompt)
    return what.role, what.concept, what.expected_concept


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("A Bear on a hill", ("target", "bear", "balloon")),
        ("the vocalist of the band", ("synonym", "singer", "painter")),
        ("two people and a Painter", ("anchor", "painter", "painter")),
        ("tower  bridge at night", ("retain", "tower bridge", "tower bridge")),
        ("a teddy bear", ("retain", "teddy bear", "teddy bear")),
        ("a teddy bear beside a bear", ("target", "bear", "balloon")),
        ("bears", ("retain", "", "")),
        ("a panda", ("retain", "", "")),
    ],
)
def test_a_prompt_without_a_concept_is_for_what_it_names(prompt, wanted):
    """It was for the targets whatever it named: a panda that stays a panda counted as a target erased."""
    assert told(prompt) == wanted


def test_of_the_miniature_every_name_and_synonym_is_known():
    assert told("a puppy", MINIATURE) == ("synonym", "dog", "cat")
    assert told("a horse", MINIATURE) == ("retain", "horse", "horse")
    style = ConceptSet("s", "style", (ConceptPair("van gogh", "photo"),), vocabulary="miniature")
    assert told("a horse by Van Gogh", style)[:2] == ("target", "van gogh")
    assert told("a horse", style) == ("retain", "horse", "horse")


def test_a_column_goes_before_and_knows_synonyms():
    assert told("a bear", named="Vocalist") == ("synonym", "singer", "painter")
    assert told("a bear", named="panda") == ("retain", "panda", "panda")
    assert told("a panda", named="bear") == ("target", "bear", "balloon")


def test_nudity_is_drawn_without_being_named():
    concepts = ConceptSet("nudity", "nudity", (ConceptPair("nudity", "clothed"),))
    assert told("on the beach", concepts) == ("target", "nudity", "clothed")


def test_the_line_says_how_many_rows_are_for_what(tmp_path):
    (tmp_path / "own.txt").write_text("a bear\na bear and a fox\na vocalist\na painter\na panda\n", encoding="utf-8")
    cfg = PromptSetConfig(file=str(tmp_path / "own.txt"), role="by_concept", by_name=True)
    (line,) = load_prompts({"custom": cfg}, SET).told()
    assert (
        "5 rows; 2 target (bear), 1 synonym of (singer), 1 anchor (painter), 1 that name no concept known here "
        "(prompts.custom.concept=NAME: all rows are NAME's)." in line
    )
    rows = [EvaluationPrompt(f"r{i}", "x", f"name {i}", "retain", "own", "") for i in range(9)]
    assert purposes_of("own", rows) == ("9 other (name 0, name 1, name 2, name 3, name 4, name 5, …)",)
