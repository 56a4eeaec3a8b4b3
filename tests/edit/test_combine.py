"""a + b changes the weights by both changes, and claims nothing that was measured of a part."""

import dataclasses

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.edit import Edit
from erasepro.edit.mapped_update import MappedUpdate
from erasepro.errors import UserError
from erasepro.linalg import DenseUpdate, LowRankUpdate
from erasepro.models.sites import site_module
from erasepro.models.tensor_hashes import weights_hash
from erasepro.solvers import make_solver
from erasepro.solvers.engine import compaction
from erasepro.solvers.extend import add_concepts, remove_concept


def solve(model, target, anchor, **settings):
    pair = ConceptPair(target, anchor)
    prompts = (PromptPair(f"a photo of a {target}", f"a photo of a {anchor}", pair),)
    build = EditPrompts(ConceptSet("test", "instance", (pair,), ("bird",)), prompts, ("a photo of a bird",))
    return make_solver("erasepro", settings).solve(model, build)


@pytest.fixture
def two(model32):
    return solve(model32, "dog", "cat"), solve(model32, "car", "bus", text_sites=[]).scale(0.5)


def test_the_changes_add_each_at_its_own_strength(model32, two, tmp_path):
    a, b = two
    both = a + b
    assert both.strength == 1
    assert set(both.updates) == set(a.updates) | set(b.updates)
    for name, update in both.updates.items():
        parts = [e.strength * e.updates[name].dense() for e in two if name in e.updates]
        assert torch.allclose(update.dense(), sum(parts), rtol=0, atol=1e-14)
        assert update.rank == sum(e.updates[name].rank for e in two if name in e.updates)
    assert len({both.hash, a.hash, b.hash}) == 3
    again = Edit.load(both.save(tmp_path))
    assert again.hash == both.hash
    both.apply(model32.pipe)
    edited = weights_hash(model32.pipe)
    both.revert(model32.pipe)
    again.apply(model32.pipe)
    assert weights_hash(model32.pipe) == edited
    again.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash


@pytest.fixture
def mapped(model32, two, monkeypatch):
    """The same two, kept as large edits are."""
    monkeypatch.setattr(compaction, "SMALL", 0)
    return solve(model32, "dog", "cat"), solve(model32, "car", "bus", text_sites=[]).scale(0.5)


@pytest.mark.parametrize("saved", [False, True])
def test_maps_of_the_inputs_add_without_the_base(model32, mapped, saved, tmp_path):
    a, b = (Edit.load(edit.save(tmp_path / edit.hash)) for edit in mapped) if saved else mapped
    both = a + b
    sums = {name: update for name, update in both.updates.items() if name.startswith("unet.")}
    assert all(isinstance(update, MappedUpdate) and (update.product is None) == saved for update in sums.values())
    assert len({id(update.input_map) for update in sums.values()}) == 1
    assert Edit.load(both.save(tmp_path / "both")) == both
    for name, update in both.rebuild(model32.pipe).updates.items():
        parts = [e.strength * e.updates[name].dense() for e in mapped if name in e.updates]
        assert torch.allclose(update.dense(), sum(parts), rtol=0, atol=1e-14)
        W_o = site_module(model32.pipe, name).weight
        assert torch.allclose(both.updates[name].apply_to(W_o.double()), W_o.double() + sum(parts), rtol=0, atol=1e-14)


def test_a_map_and_a_product_need_the_base(model32, mapped, two, tmp_path):
    a, b = Edit.load(mapped[0].save(tmp_path)), two[1]
    with pytest.raises(UserError, match=r"give it the base first .*edit\.rebuild") as caught:
        a + b
    assert "\n" not in str(caught.value)
    both = a.rebuild(model32.pipe) + b
    for name in b.updates:
        parts = mapped[0].updates[name].dense() + 0.5 * b.updates[name].dense()
        assert torch.allclose(both.updates[name].dense(), parts, rtol=0, atol=1e-14)


def test_keys_and_values_share_one_down(two):
    a, b = two
    both = a + b
    downs = {id(update.down) for name, update in both.updates.items() if name.startswith("unet.")}
    assert len(downs) == 1


def test_nothing_measured_of_a_part_is_claimed_of_the_sum(two):
    a, b = two
    both = a + b
    assert both.residuals == {}
    assert both.diagnostics == []
    assert both.meta["concepts"]["pairs"] == [["dog", "cat"], ["car", "bus"]]
    assert [p["hash"] for p in both.meta["parents"]] == [a.hash, b.hash]
    assert [p["strength"] for p in both.meta["parents"]] == [1, 0.5]
    assert both.meta["parents"][0]["stated_alone"] == a.residuals
    assert "dog → cat, car → bus" in repr(both)


def test_a_dense_and_a_thin_change_make_a_dense_one(model32, two):
    a, b = two
    name = next(n for n in b.updates)
    dense = dataclasses.replace(b, updates={name: DenseUpdate(b.updates[name].dense())})
    both = a + dense
    assert isinstance(both.updates[name], DenseUpdate)
    assert torch.allclose(both.updates[name].dense(), (a + b).updates[name].dense())
    d_out, d_in = both.updates[name].shape
    rank = min(d_out, d_in)
    full = LowRankUpdate(torch.ones(d_out, rank, dtype=torch.float64), torch.ones(rank, d_in, dtype=torch.float64))
    assert isinstance((a + dataclasses.replace(b, updates={name: full})).updates[name], DenseUpdate)


def test_three_make_a_sum_of_a_sum(model32, two):
    a, b = two
    c = solve(model32, "apple", "pear")
    name = next(iter(c.updates))
    assert torch.allclose(((a + b) + c).updates[name].dense(), (a + (b + c)).updates[name].dense(), atol=1e-14)


def test_what_does_not_go_together_is_refused(model32, other_model, two):
    a, b = two
    other = solve(other_model, "apple", "pear")
    first = next(iter(a.updates))
    apart = solve(other_model, "apple", "pear", text_sites=[])
    text_only = dataclasses.replace(
        a, updates={first: a.updates[first]}, meta=a.meta | {"base": {first: a.meta["base"][first]}}
    )
    for wrong, message in (
        (lambda: a + other, f"different bases: the weight '{first}'"),
        (lambda: b + other, r"different bases: the weight 'unet\.\S+attn2\.to_k'"),
        (lambda: text_only + apart, "share no weight .* name different models"),
        (lambda: a + a, "is in both"),
        (lambda: (a + b) + b, "is in both"),
        (lambda: a + a.scale(0.5), "Both edits erase 'dog'"),
        (lambda: a + solve(model32, "Dog", "bus"), "Both edits erase 'Dog'"),
        (lambda: a + solve(model32, "cat", "bus"), "itself erased"),
        (lambda: a + Edit(b.updates), "no fingerprint"),
        (lambda: a + {"car": "bus"}, r"erasepro\.add_concepts\(edit, concepts, model\)"),
        (lambda: remove_concept((a + b), "dog", model32), "is a sum"),
        (lambda: add_concepts((a + b), {"tree": "house"}, model32), "is a sum"),
    ):
        with pytest.raises(UserError, match=message) as info:
            wrong()
        assert "\n" not in str(info.value)


def test_the_same_base_in_another_precision_is_the_same_base(model32, model_at, two):
    half = solve(model_at(torch.float16), "car", "bus", text_sites=[])
    both = two[0] + half
    both.apply(model32.pipe)
    W = site_module(model32.pipe, next(iter(both.updates))).weight
    assert W.dtype == torch.float32
    both.revert(model32.pipe)
    assert weights_hash(model32.pipe) == model32.weights_hash
