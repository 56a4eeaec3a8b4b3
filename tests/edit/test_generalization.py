"""The residual on other prompts: that of a plain computation, zero where it must be, and the model untouched."""

import copy
import dataclasses
import math

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair
from erasepro.concepts.prompt_pairs import HeldOut, PromptPair
from erasepro.edit import Edit, generalization
from erasepro.edit.generalization import measure_residual as measure
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate
from erasepro.models.sites import cross_attention_sites, site_module
from erasepro.models.tensor_hashes import weights_hash

PAIR = ConceptPair("dog", "cat")
PROMPTS = (PromptPair("a small dog", "a small cat", PAIR), PromptPair("a red dog on a car", "a red cat on a car", PAIR))


def bare(**updates):
    return Edit(updates, {"solver": "test", "config": {"kv_tokens": "all"}})


def states(pipe, prompts):
    """(texts, tokens, d) as the pipeline itself encodes them."""
    ids = pipe.tokenizer(
        prompts, padding="max_length", max_length=pipe.tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids
    with torch.no_grad():
        return pipe.text_encoder(ids)[0].double()


def test_without_a_change_it_is_what_it_was_before(model32):
    found = measure(model32, bare(), PROMPTS)
    assert found["residual"] == found["before"] > 0
    assert found["worst"] >= found["residual"]
    assert found["columns"] > 0


def test_weights_that_are_gone_leave_all_of_it(model32):
    pipe = model32.pipe
    names = [site.name for site in cross_attention_sites(pipe)]
    gone = {name: DenseUpdate(-site_module(pipe, name).weight.detach().double()) for name in names}
    found = measure(model32, bare(**gone), PROMPTS)
    assert found["residual"] == pytest.approx(1)
    assert found["worst"] == pytest.approx(1)


def test_it_is_the_norm_of_the_stated_difference(model32):
    """Targets and anchors of one length, all tokens paired in turn: the columns are those of the whole texts."""
    pipe = model32.pipe
    sites = cross_attention_sites(pipe)
    draw = torch.Generator().manual_seed(3)
    updates = {}
    for site in sites[::2]:
        W = site_module(pipe, site.name).weight
        updates[site.name] = DenseUpdate(0.1 * torch.randn(W.shape, generator=draw, dtype=torch.float64))
    found = measure(model32, bare(**updates), PROMPTS, policy="all")
    X = states(pipe, [p.target_prompt for p in PROMPTS]).flatten(0, 1).T  # (d, n)
    Y = states(pipe, [p.anchor_prompt for p in PROMPTS]).flatten(0, 1).T
    off = off_before = size = 0.0
    for site in sites:
        W_o = site_module(pipe, site.name).weight.detach()
        W = updates[site.name].apply_to(W_o, 1.0) if site.name in updates else W_o
        V = W_o.double() @ Y
        off += float((W.double() @ X - V).pow(2).sum())
        off_before += float((W_o.double() @ X - V).pow(2).sum())
        size += float(V.pow(2).sum())
    assert found["residual"] == pytest.approx((off / size) ** 0.5, rel=1e-4)
    assert found["before"] == pytest.approx((off_before / size) ** 0.5, rel=1e-4)


def test_an_edit_helps_is_not_applied_and_is_looked_through_when_it_is(model32, edit32):
    before = weights_hash(model32.pipe)
    found = measure(model32, edit32, PROMPTS, policy="last_subject")  # random weights: little carries over
    assert weights_hash(model32.pipe) == before
    assert found["residual"] < found["before"]
    edit32.apply(model32.pipe)
    try:
        assert measure(model32, edit32, PROMPTS, policy="last_subject") == found
    finally:
        edit32.revert(model32.pipe)


def test_chunks_do_not_matter(model32, edit32):
    one, all_at_once = (measure(model32, edit32, PROMPTS, batch=batch) for batch in (1, 64))
    assert one == pytest.approx(all_at_once, rel=1e-5)


def test_blocks_of_sentences_give_the_numbers_of_all_at_once(model32, edit32, monkeypatch):
    whole = measure(model32, edit32, PROMPTS * 3)
    monkeypatch.setattr(generalization, "BLOCK", 4)
    assert measure(model32, edit32, PROMPTS * 3) == pytest.approx(whole, rel=1e-12)


def test_every_method_is_measured_at_the_same_tokens(model32):
    """One that moves a single token is not judged by that token alone."""
    one, all_tokens = (bare() for _ in range(2))
    one.meta["config"], all_tokens.meta["config"] = {"token_policy": "last_subject"}, {"token_policy": "all"}
    assert measure(model32, one, PROMPTS) == measure(model32, all_tokens, PROMPTS)
    assert measure(model32, one, PROMPTS)["columns"] > measure(model32, one, PROMPTS, policy="last_to_eos")["columns"]


def test_an_older_edits_held_out_residual_is_that_at_its_own_tokens(model32):
    held_out = HeldOut(tuple(PROMPTS), ())
    old, new, ours = (bare() for _ in range(3))
    old.meta["config"] = new.meta["config"] = {"token_policy": "last_subject"}
    new.meta["tokens"] = {"held_out": "subject_to_end"}
    found = [generalization.measure_held_out(model32, edit, held_out, ())["residual_before"] for edit in (old, new, ours)]
    want = [
        generalization.measure_residual(model32, bare(), PROMPTS, policy)["before"]
        for policy in ("last_subject", "subject_to_end", generalization.HELD_OUT_TOKENS)
    ]
    assert found == pytest.approx(want, rel=1e-5)
    assert len(set(found)) == 3


def test_no_prompt_is_a_clear_line(model32):
    with pytest.raises(UserError, match="No prompt to measure a residual on"):
        measure(model32, bare(), [])


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_layers_that_give_zeros_or_no_numbers_have_no_share(model32, value):
    """A number there would read as a perfect edit: `runs.erase.check_measured` refuses what is not finite."""
    pipe = copy.deepcopy(model32.pipe)
    for site in cross_attention_sites(pipe):
        torch.nn.init.constant_(site_module(pipe, site.name).weight, value)
    held_out = HeldOut(PROMPTS, ("a red car",))
    numbers = generalization.measure_held_out(dataclasses.replace(model32, pipe=pipe), bare(), held_out, ["a small cat"])
    for key in ("residual", "residual_before", "drift", "drift_preserved"):
        assert math.isnan(numbers[key]), key
    assert math.isnan(measure(dataclasses.replace(model32, pipe=pipe), bare(), PROMPTS)["residual"])


def test_no_sentence_drifts_by_nothing(model32):
    assert generalization.measure_drift(model32, bare(), ()) == 0
