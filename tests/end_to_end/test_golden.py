"""What may not change unseen: signatures of runs, and an edit's numbers."""

import pytest
import torch

import erasepro
from erasepro.cli.main import main
from erasepro.concepts.load import load_concepts
from erasepro.models.load import MINIATURE
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.results.signature import signature
from erasepro.runs.erase import solve_edit
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver

HASHES = {"weights": "w", "build_prompts": "b", "test_prompts": "t"}
MACE = ["solver=uce_published", "protocol=mace", "model=sd14", "concepts=style/van_gogh", "prompts=i2p"]
TINY = {
    "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": [0.80841362647, -0.179766556591],
    "unet.up_blocks.0.attentions.1.transformer_blocks.0.attn2.to_v": [0.873058389841, -0.0756451954443],
}
KNOWN = {
    "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": [8.85119228691, 2.49310741974],
    "unet.up_blocks.1.attentions.1.transformer_blocks.0.attn2.to_v": [2.18109421450, 1.42798468117],
}
FIVE = ["concepts=mini/instance_5", "schedule=hidden_state", "solver.cross_attention_fit.independence_threshold=0.8"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["debug=tiny", "templates.preserve_count=1600"], "329a64678187a20485875bc9a01f77e021bf9b1583f5d6606e026266b002ddd8"),
        (MACE, "928b74fdab13e21b89d22738da1356fad306dd77e807511638917ce3ea9e65b6"),
        (FIVE, "39bd67fcfbacd706b26c22d0f4e38787e5fc36e6f686bcb548695131d524c739"),
    ],
    ids=["tiny", "mace", "five"],
)
def test_the_signature_of_a_run_hangs_on_its_settings_alone(overrides, expected):
    assert signature(resolve(overrides).stored, HASHES) == expected


def numbers(edit):
    """Of the first and the last weight: the size of the change, and one sum over it that every entry has a part in."""
    found = {}
    for site in sorted(edit.updates)[:: len(edit.updates) - 1]:
        change = edit.updates[site].dense().double()
        rows, columns = (torch.arange(n, dtype=torch.float64).cos() for n in change.shape)
        found[site] = [float(change.norm()), float(rows @ change @ columns)]
    return found


def check_numbers(edit, expected):
    found = numbers(edit)
    assert found.keys() == expected.keys()
    for site, values in found.items():
        assert values == pytest.approx(expected[site], rel=1e-9)


def test_an_edit_of_random_weights_is_what_it_was():
    """In numbers, not in bytes: processors sum in different orders, and bytes of one are not another's."""
    edit = erasepro.erase(erasepro.load_model("tiny"), {"dog": "cat"}, solver="uce")
    check_numbers(edit, TINY)


def test_an_edit_by_the_known_grammar_is_what_it_was():
    spec = resolve(["solver=uce", "templates=known", "concepts=mini/pair_dog"])
    prompts = make_edit_prompts(load_concepts(spec.concepts, "miniature"), spec.sentences)
    edit = make_solver(spec.solver).solve(erasepro.load_model("miniature"), prompts)
    check_numbers(edit, KNOWN)


@pytest.mark.ci_slow
@pytest.mark.parametrize("solver", ["uce", "erasepro"])
def test_the_same_weights_give_the_same_edit_however_they_are_given(solver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = erasepro.load_model("miniature")
    words = ["concepts.pairs=[[dog,cat]]", f"solver={solver}"]
    job = make_job(resolve([*words, "prompts=templates"]))
    given = (model, model.pipe, "miniature", str(MINIATURE))
    edits = [erasepro.erase(one, {"dog": "cat"}, solver=solver) for one in given]
    assert main(["edit", *words, "out=made"]) == 0
    edits += [solve_edit(model, job)[0], erasepro.Edit.load("made")]
    assert {edit.hash for edit in edits} == {edits[0].hash}
    assert all(edit.meta["base"] == edits[0].meta["base"] for edit in edits)
