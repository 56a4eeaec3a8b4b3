"""A large edit is kept in few numbers that change it by less than a millionth; a small one as it was solved."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.edit.mapped_update import MappedUpdate
from erasepro.linalg import LARGEST_CHANGE, DenseUpdate, LowRankUpdate, compose_with_weight, is_float32
from erasepro.models.sites import weight
from erasepro.solvers import make_solver
from erasepro.solvers.engine import compaction
from erasepro.solvers.engine.compaction import Compaction
from tests.edit.conftest import make_edit, make_model


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + sum(shape)))


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(compaction, "SMALL", 0)


D = LowRankUpdate(randn(8, 2), randn(2, 8))
WEIGHTS = {f"unet.{i}": randn(6, 8, seed=i).float() for i in range(2)}


def solved(D):
    """Updates W_o D of two sites, and what gives them."""
    return {name: compose_with_weight(D, W) for name, W in WEIGHTS.items()}, dict.fromkeys(WEIGHTS, D)


def test_a_small_edit_is_kept_as_it_was_solved():
    updates, maps = solved(D)
    made = Compaction(updates, maps)
    kept = {name: made.compact(name, W, "hash") for name, W in WEIGHTS.items()}
    for name, update in updates.items():
        assert isinstance(kept[name], LowRankUpdate)
        assert torch.equal(kept[name].up, update.up)
        assert torch.equal(kept[name].down, update.down)
    assert len({id(update.down) for update in kept.values()}) == 1
    assert made.precision == {}


@pytest.mark.parametrize("D", [D, DenseUpdate(randn(8, 8))])
def test_sites_with_one_map_share_it(large, D):
    made = Compaction(*solved(D))
    kept = [made.compact(name, W, f"hash {name}") for name, W in WEIGHTS.items()]
    assert all(isinstance(update, MappedUpdate) for update in kept)
    assert len({id(factor) for update in kept for factor in update.factors.values()}) == len(D.factors)
    assert [update.weight_hash for update in kept] == [f"hash {name}" for name in WEIGHTS]
    for update, exact, W in zip(kept, solved(D)[0].values(), WEIGHTS.values(), strict=True):
        change = float((update.dense() - exact.dense()).norm() / exact.dense().norm())
        assert change <= made.precision["largest_change"] + 1e-15 <= LARGEST_CHANGE
        assert torch.equal(update.dense(), update.multiply_out(W).dense())
        assert all(is_float32(factor) for factor in update.factors.values())
    assert (made.precision["float32"], made.precision["float64"]) == (2, 0)


def test_a_map_that_takes_more_room_than_the_products_is_not_kept(large):
    name, W = next(iter(WEIGHTS.items()))
    update = compose_with_weight(D, W)
    assert isinstance(Compaction({name: update}, {name: D}).compact(name, W, "hash"), LowRankUpdate)


def test_float64_weights_and_changes_that_float32_does_not_hold_keep_float64(large, monkeypatch):
    made = Compaction(*solved(D))
    name, W = next(iter(WEIGHTS.items()))
    assert torch.equal(made.compact(name, W.double(), "hash").input_map.up, D.up)
    assert made.precision == {"float32": 0, "float64": 1, "largest_change": 0.0}
    monkeypatch.setattr(compaction, "LARGEST_CHANGE", 1e-12)
    assert torch.equal(made.compact(name, W, "hash").input_map.up, D.up)
    assert made.precision == {"float32": 0, "float64": 2, "largest_change": 0.0}


@pytest.mark.parametrize("solver", ["uce", "erasepro", "rece", "oce"])
def test_the_weights_and_residuals_are_those_of_the_float64_factors(solver, monkeypatch):
    model = make_model()
    one = make_edit(model) if solver == "erasepro" else _solve(model, solver)
    monkeypatch.setattr(compaction, "SMALL", 0)
    two = make_edit(model) if solver == "erasepro" else _solve(model, solver)
    assert one.hash != two.hash
    assert any(isinstance(update, MappedUpdate) for update in two.updates.values()) == (solver != "oce")
    assert two.meta["precision"]["float32"] == len(two.updates)
    assert "precision" not in one.meta
    for name, update in one.updates.items():
        W_o = weight(model.pipe, name).double()
        W, V = update.apply_to(W_o), two.updates[name].apply_to(W_o)
        assert float((W - V).norm() / W.norm()) <= 1e-6
        assert float((W - V).norm() / (W - W_o).norm()) <= 1.01 * two.meta["precision"]["largest_change"] <= 1e-6
    assert two.residuals["selected"] == pytest.approx(one.residuals["selected"], abs=1e-6)


def test_pictures_are_the_same(compact_pair, tmp_path):
    model, one, two = compact_pair
    two = Edit.load(two.save(tmp_path))
    pictures = []
    for edit in (one, two):
        with edit.applied(model.pipe):
            draw = torch.Generator().manual_seed(0)
            pictures.append(model.pipe("a dog", num_inference_steps=2, generator=draw, output_type="pt").images)
    assert float((torch.as_tensor(pictures[0]) - torch.as_tensor(pictures[1])).abs().max()) < 1e-5


@pytest.fixture
def compact_pair(large, monkeypatch):
    model = make_model()
    two = make_edit(model)
    monkeypatch.undo()
    return model, make_edit(model), two


def _solve(model, solver):
    from erasepro.concepts.pairs import ConceptPair, ConceptSet
    from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair

    pair = ConceptPair("dog", "cat")
    concepts = ConceptSet("test", "instance", (pair,), ("bird",))
    prompts = EditPrompts(concepts, (PromptPair("a photo of a dog", "a photo of a cat", pair),), ("a photo of a bird",))
    return make_solver(solver, {}).solve(model, prompts)
