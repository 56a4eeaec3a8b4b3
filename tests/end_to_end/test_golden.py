"""What may not change unseen: signatures of runs, and an edit's hash."""

import pytest

import erasepro
from erasepro.results.signature import signature
from erasepro.runs.resolve import resolve

HASHES = {"weights": "w", "build_prompts": "b", "test_prompts": "t"}
MACE = ["solver=uce_published", "protocol=mace", "model=sd14", "concepts=style/van_gogh", "prompts=i2p"]
FIVE = ["concepts=mini/instance_5", "schedule=hidden_state", "solver.cross_attention_fit.independence_threshold=0.8"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["debug=tiny"], "2972da68735104b14a971a21829e32a0ec18a62c554f39664746625446376d22"),
        (MACE, "a477949868397550ed8d8ae9f7df907e4a3128a167e999303a74b45f4b189d38"),
        (FIVE, "0faa33f50dd0e272c6a3509382dd37fdfbd3f1022e7e278692702db5da978310"),
    ],
    ids=["tiny", "mace", "five"],
)
def test_the_signature_of_a_run_hangs_on_its_settings_alone(overrides, expected):
    assert signature(resolve(overrides).stored, HASHES) == expected


def test_an_edit_of_random_weights_has_the_hash_that_it_had():
    edit = erasepro.erase(erasepro.load_model("tiny"), {"dog": "cat"}, solver="uce")
    assert edit.hash == "3a69804a6385da9d"
