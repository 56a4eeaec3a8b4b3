"""A certificate's numbers are those of the weights: against a plain computation with the pipeline's own encoder."""

import copy
import dataclasses
import json

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.edit import Edit
from erasepro.edit.uce_file import load_uce
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.features.columns import pair_columns
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.sites import cross_attention_sites, site_module
from erasepro.models.tensor_hashes import tensor_hash, weights_hash
from erasepro.solvers import make_solver
from erasepro.verification import certify, compare, compare_stated, table
from tests.models.pipelines import build as build_pipeline


def sentences(*pairs):
    pairs = tuple(ConceptPair(*pair) for pair in pairs)
    words = ("a photo of a {}", "a painting of a {} with a house", "{} on a sunny day")
    prompts = tuple(PromptPair(w.format(p.target), w.format(p.anchor), p) for p in pairs for w in words)
    return EditPrompts(ConceptSet("t", "instance", pairs, ("bird",)), prompts, ("a photo of a bird", "a red tree", ""))


def solve(model, *pairs, **settings):
    return make_solver("erasepro", settings).solve(model, sentences(*pairs))


@pytest.fixture(scope="module")
def certified():
    from tests.edit.conftest import make_model

    model = make_model()
    edit = solve(model, ("dog", "cat"))
    return model, edit, certify(edit, model)


def features(pipe, prompts):
    """(B, T, d) by the encoder itself, in float64."""
    return copy.deepcopy(pipe.text_encoder).double()(token_ids(pipe.tokenizer, prompts))[0]


def test_end_to_end_numbers_are_those_of_the_edited_pipeline(certified):
    """Residuals and drift of keys and values, with the edit applied to a copy and nothing of ours in between."""
    model, edit, found = certified
    build, edited = sentences(("dog", "cat")), copy.deepcopy(model.pipe)
    edit.apply(edited)
    columns = pair_columns(model.pipe.tokenizer, build.pairs, edit.meta["config"]["text_token_policy"])
    targets, anchors = [p.target_prompt for p in build.pairs], [p.anchor_prompt for p in build.pairs]
    X, O = (columns.target.gather(features(pipe, targets)) for pipe in (edited, model.pipe))
    Y = columns.anchor.gather(features(model.pipe, anchors))
    K, K_e = (features(pipe, build.preserve) for pipe in (model.pipe, edited))
    ids = token_ids(model.pipe.tokenizer, build.preserve)
    ends = (ids == model.pipe.tokenizer.eos_token_id).int().argmax(dim=1)
    K, K_e = (torch.cat([k[: end + 1] for k, end in zip(states, ends, strict=True)]).T for states in (K, K_e))
    rows = {row["site"]: row for row in found["sites"]}
    sums = torch.zeros(3)
    for site in cross_attention_sites(model.pipe):
        W_o, W = (site_module(pipe, site.name).weight.double() for pipe in (model.pipe, edited))
        V, row = W_o @ Y, rows[site.name]
        assert row["residual_before"] == pytest.approx(float((W_o @ O - V).norm() / V.norm()), rel=1e-6)
        assert row["residual_after"] == pytest.approx(float((W @ X - V).norm() / V.norm()), rel=1e-4, abs=1e-9)
        assert row["drift"] == pytest.approx(float((W @ K_e - W_o @ K).norm() / (W_o @ K).norm()), rel=1e-3, abs=1e-6)
        assert row["residual_selected"] <= 1e-6
        sums += torch.tensor([float(x.pow(2).sum()) for x in (W @ X - V, W_o @ O - V, V)])
        assert found["tensors"][site.name]["base"] == tensor_hash(site_module(model.pipe, site.name).weight)
        assert found["tensors"][site.name]["edited"] == tensor_hash(site_module(edited, site.name).weight)
    whole = found["end_to_end"]
    assert whole["residual_after"] == pytest.approx(float((sums[0] / sums[2]) ** 0.5), rel=1e-4)
    assert whole["residual_before"] == pytest.approx(float((sums[1] / sums[2]) ** 0.5), rel=1e-4)
    assert weights_hash(model.pipe) == model.weights_hash


def test_gaps_are_those_of_the_hidden_states(certified):
    model, edit, found = certified
    build, edited = sentences(("dog", "cat")), copy.deepcopy(model.pipe)
    edit.apply(edited)
    columns = pair_columns(model.pipe.tokenizer, build.pairs, edit.meta["config"]["text_token_policy"])

    def states(pipe, prompts):
        encoder = copy.deepcopy(pipe.text_encoder).double()
        return encoder(token_ids(pipe.tokenizer, prompts), output_hidden_states=True).hidden_states[1:]

    X = states(edited, [p.target_prompt for p in build.pairs])
    Y = states(model.pipe, [p.anchor_prompt for p in build.pairs])
    assert len(found["gaps"][0]) == len(X) == 3
    for gap, x, y in zip(found["gaps"][0][:-1], X[:-1], Y[:-1], strict=True):  # the last is sometimes given normed
        x, y = columns.target.gather(x), columns.anchor.gather(y)
        assert gap["after"] == pytest.approx(float((x - y).norm() / y.norm()), rel=1e-6)


def test_it_agrees_with_what_the_solve_said_and_with_itself(certified):
    _, edit, found = certified
    again = json.loads(json.dumps(found, allow_nan=False))
    assert compare(again, found) == []
    assert compare_stated(edit, found) == []
    told = {d["site"]: d for d in edit.diagnostics}
    for row in found["sites"]:
        assert row["residual_after"] == pytest.approx(told[row["site"]]["residual_after_all"], rel=1e-6)
        assert (row["columns"], row["selected"]) == (told[row["site"]]["columns"], told[row["site"]]["selected"])
    assert {"erasepro", "torch"} <= found["versions"].keys()
    text = table(found)
    assert edit.hash in text
    assert "dog → cat" in text
    assert "what reads the text, end to end" in text


def test_the_order_of_an_edits_record_does_not_show(certified, tmp_path):
    model, edit, found = certified
    edit.save(tmp_path)
    loaded = Edit.load(tmp_path)
    loaded = dataclasses.replace(loaded, updates=dict(reversed(loaded.updates.items())))
    assert [row["site"] for row in certify(loaded, model)["sites"]] == [row["site"] for row in found["sites"]]


def test_an_applied_edit_is_looked_through(certified):
    model, edit, found = certified
    model = copy.deepcopy(model)
    edit.apply(model.pipe)
    assert compare(certify(edit, model), found) == []
    edit.revert(model.pipe)


@pytest.mark.parametrize(
    "solver", [{"name": "uce"}, {"name": "rece"}, {"name": "emcid", "ridge": 1.0}, {"name": "speed"}]
)
def test_other_methods_have_certificates_too(model32, solver, tmp_path):
    edit = make_solver(solver["name"], solver).solve(model32, sentences(("dog", "cat"), ("car", "bus")))
    found = certify(Edit.load(edit.save(tmp_path)), model32, tmp_path)
    assert compare(json.loads((tmp_path / "certificate.json").read_text()), found) == []
    assert compare_stated(edit, found) == []
    assert found["unmeasured"] == []
    assert all(row["residual_after"] is not None and row["drift"] is not None for row in found["sites"])


def test_a_sum_is_measured_as_a_sum(model32, tmp_path):
    a, b = solve(model32, ("dog", "cat")), solve(model32, ("car", "bus"), text_sites=[])
    both = Edit.load((a + b).save(tmp_path))
    found = certify(both, model32)
    assert len(found["gaps"]) == 2
    rows, alone = ({row["site"]: row for row in c["sites"]} for c in (found, certify(a, model32)))
    shared = next(iter(b.updates))
    first = next(iter(a.updates))
    assert rows[first]["residual_after"] == pytest.approx(
        alone[first]["residual_after"]
    )  # only a edits the text encoder
    assert rows[shared]["columns"] > alone[shared]["columns"]
    assert rows[shared]["residual_selected"] > 1e-4  # what each held exactly alone, the sum does not: never claimed
    assert compare_stated(both, found) == []


def test_strength_and_precision(certified, model_at):
    model, edit, full = certified
    nothing = certify(edit.scale(0), model)
    assert nothing["end_to_end"]["residual_after"] == pytest.approx(nothing["end_to_end"]["residual_before"])
    assert nothing["end_to_end"]["drift"] == 0
    assert all(t["base"] == t["edited"] for t in nothing["tensors"].values())
    half = certify(edit, model_at(torch.float16))
    assert compare(full, half) == []
    assert all(t["dtype"] == "float16" for t in half["tensors"].values())


def test_mixed_precisions(model32):
    model32.pipe.unet.to(torch.float16)
    found = certify(solve(model32, ("dog", "cat")), model32)
    assert {t["dtype"] for t in found["tensors"].values()} == {"float32", "float16"}
    assert found["end_to_end"]["residual_selected"] < 1e-2


def test_a_file_of_whole_weights_has_hashes_only(model32, certified, tmp_path):
    from safetensors.torch import save_file

    site = cross_attention_sites(model32.pipe)[0]
    save_file(
        {f"{site.path}.weight": torch.ones_like(site_module(model32.pipe, site.name).weight)},
        tmp_path / "u.safetensors",
    )
    found = certify(load_uce(tmp_path / "u.safetensors", model32), model32)
    assert "does not say which sentences" in found["unmeasured"][0]
    assert found["sites"][0]["residual_after"] is None
    assert found["tensors"][site.name]["edited"] != found["tensors"][site.name]["base"]
    assert "Not measured" in table(found)


def test_what_cannot_be_certified_is_one_line(model32, other_model, certified):
    _, edit, _ = certified
    with pytest.raises(UserError, match="differs from the one"):
        certify(edit, other_model)
    with pytest.raises(UserError, match="what load_model returns"):
        certify(edit, model32.pipe)
    build = dict(edit.meta["prompts"], sha256="0")
    with pytest.raises(UserError, match="other sentences than"):
        certify(Edit(edit.updates, edit.meta | {"prompts": build}), model32)
    kv = solve(model32, ("dog", "cat"), text_sites=[])
    model32.pipe.text_encoder = None
    with pytest.raises(UserError, match="no text_encoder"):
        certify(kv, model32)


@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux", "pixart"])
def test_other_architectures(name, tmp_path):
    """Several encoders, T5, embedders and pooled vectors: measured numbers are those that the solve measured."""
    pipe = build_pipeline(name)
    model = Model(pipe, name, "random", weights_hash(pipe))
    edit = solve(model, ("dog", "cat"))
    found = certify(edit, model)
    assert compare_stated(edit, found) == []
    told = {d["site"]: d for d in edit.diagnostics}
    for row in found["sites"]:
        one = told[row["site"]]
        assert row["residual_after"] == pytest.approx(one["residual_after_all"], rel=1e-3, abs=1e-5), row["site"]
        assert row["residual_selected"] == pytest.approx(one["residual_after_selected"], rel=1e-3, abs=1e-5)
        assert (row["columns"], row["selected"]) == (one["columns"], one["selected"])
        assert row["drift"] is not None
    assert weights_hash(pipe) == model.weights_hash


def test_a_large_edit_holds_what_was_solved(edit32, compact32, model32, tmp_path):
    """Measured of the float32 numbers and of W_o D as they are read from the files."""
    solved, kept = (certify(edit, model32) for edit in (edit32, Edit.load(compact32.save(tmp_path))))
    for a, b in zip(solved["sites"], kept["sites"], strict=True):
        assert b["residual_selected"] == pytest.approx(a["residual_selected"], abs=1e-6)
        assert b["residual_after"] == pytest.approx(a["residual_after"], rel=1e-5, abs=1e-6)
        assert b["drift"] == pytest.approx(a["drift"], rel=1e-5)
        assert b["delta_norm"] == pytest.approx(a["delta_norm"], rel=1e-6)
    assert compare_stated(compact32, kept) == []
