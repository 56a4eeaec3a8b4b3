"""What may not change unseen: signatures of runs, and an edit's hash."""

import pytest

import erasepro
from erasepro.concepts.load import load_concepts
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.results.signature import signature
from erasepro.runs.erase import solve_edit
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver

HASHES = {"weights": "w", "build_prompts": "b", "test_prompts": "t"}
MACE = ["solver=uce_published", "protocol=mace", "model=sd14", "concepts=style/van_gogh", "prompts=i2p"]
FIVE = ["concepts=mini/instance_5", "schedule=hidden_state", "solver.cross_attention_fit.independence_threshold=0.8"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["debug=tiny"], "bcdf3c7fd4bc37cbc3a5b1566bfd480b4c50e15f97575418b6fad12b15a0a9ab"),
        (MACE, "4c60a9e42ca3c69bc0594ba164d4f536e06f99f6d3a8dc1b7234efa660b8e1d4"),
        (FIVE, "1f6e3481366185c5908611c94fafdcdb7f5e8c1333df7f4183c4cce2a1963b16"),
    ],
    ids=["tiny", "mace", "five"],
)
def test_the_signature_of_a_run_hangs_on_its_settings_alone(overrides, expected):
    assert signature(resolve(overrides).stored, HASHES) == expected


def test_an_edit_of_random_weights_has_the_hash_that_it_had():
    edit = erasepro.erase(erasepro.load_model("tiny"), {"dog": "cat"}, solver="uce")
    assert edit.hash == "5de1b8cc1bb99cec"


def test_the_known_grammar_gives_the_edit_that_it_gave_when_it_was_the_default():
    spec = resolve(["solver=uce", "templates=known", "concepts=mini/pair_dog"])
    prompts = make_edit_prompts(load_concepts(spec.concepts, "miniature"), spec.sentences)
    edit = make_solver(spec.solver).solve(erasepro.load_model("miniature"), prompts)
    assert edit.hash == "be6a7c715eb888eb"


def test_the_same_weights_give_the_same_edit_however_they_are_given():
    model = erasepro.load_model("miniature")
    job = make_job(resolve(["concepts.pairs=[[dog,cat]]", "solver=uce", "prompts=templates"]))
    edits = [erasepro.erase(given, {"dog": "cat"}, solver="uce") for given in (model, model.pipe, "miniature")]
    assert {edit.hash for edit in (*edits, solve_edit(model, job)[0])} == {edits[0].hash}
