"""What may not change unseen: signatures of runs, and an edit's hash."""

import pytest

import erasepro
from erasepro.results.run_folder import signature
from erasepro.runs.resolve import resolve

HASHES = {"weights": "w", "build_prompts": "b", "test_prompts": "t"}
MACE = ["solver=uce_published", "protocol=mace", "model=sd14", "concepts=style/van_gogh", "prompts=i2p"]
FIVE = ["concepts=mini/instance_5", "schedule=hidden_state", "solver.kv_fit.tau=0.8"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["debug=tiny"], "22e6fbf878ff32b50e47bab119708702b15326fef2411181896458b4cd9633b3"),
        (MACE, "626d08f93b5ea82d9ce65178dd7c1c4391d24127810028d2f8d465112e59da14"),
        (FIVE, "f0532fe609f623e1ca0efcfbd7e23b342c16791824b41a3f789f0ddb3a2260d0"),
    ],
    ids=["tiny", "mace", "five"],
)
def test_the_signature_of_a_run_hangs_on_its_settings_alone(overrides, expected):
    assert signature(resolve(overrides).stored.values, HASHES) == expected


def test_an_edit_of_random_weights_has_the_hash_that_it_had():
    edit = erasepro.erase(erasepro.load_model("tiny"), {"dog": "cat"}, solver="uce")
    assert edit.hash == "3a69804a6385da9d"
