"""An edit does not hang on what must not matter: batch size, the order of concepts, threads, how the model was loaded."""

from __future__ import annotations

import pytest
import torch

import erasepro
from erasepro.concepts.load import load_concepts
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.edit.generalization import measure_residual
from erasepro.errors import UserError
from erasepro.linalg import hard, null_space
from erasepro.linalg.hard import ContradictionError
from erasepro.models.load import load_skeleton
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.solvers import make_solver
from erasepro.solvers.extend import add_concepts, remove_concept

PAIRS = [("dog", "cat"), ("horse", "car")]
FEW = {key: {"preserve": {"captions": 20}} for key in ("text_fit", "cross_attention_fit")}


@pytest.fixture(scope="module")
def model():
    return erasepro.load_model("miniature")


@pytest.fixture(scope="module")
def whole(model):
    return erasepro.erase(model, PAIRS, **FEW)


def apart(a: erasepro.Edit, b: erasepro.Edit) -> float:
    """The largest relative difference of two edits' changes."""
    assert a.updates.keys() == b.updates.keys()
    pairs = [(a.updates[name].dense(), b.updates[name].dense()) for name in a.updates]
    return max(float((x - y).norm() / x.norm()) for x, y in pairs)


@pytest.mark.ci_slow
def test_batch_size_order_and_threads(model, whole):
    assert apart(whole, erasepro.erase(model, PAIRS, batch_size=5, **FEW)) < 1e-4  # float32 captions
    assert apart(whole, erasepro.erase(model, PAIRS[::-1], **FEW)) < 1e-6
    torch.set_num_threads(2)
    try:
        assert apart(whole, erasepro.erase(model, PAIRS, **FEW)) < 1e-4
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("n", [24, 90])  # both ways to choose
def test_the_solve_itself_does_not_see_the_order(n):
    g = torch.Generator().manual_seed(n)
    X, R = (torch.randn(d, n, generator=g, dtype=torch.float64) for d in (120, 40))
    order = torch.randperm(n, generator=g)
    for tau in (0.6, 0.9):
        one, two = hard(X, R, tau=tau), hard(X[:, order], R[:, order], tau=tau)
        assert set(one.selected.tolist()) == set(order[two.selected].tolist())
        assert float((one.update.dense() - two.update.dense()).norm()) < 1e-9 * float(one.update.dense().norm())


def test_what_lies_in_the_preserved_span_is_not_changed():
    """Solved in the null space, the residual is −R(I − (PX)⁺PX), so ΔW = 0 for columns inside span K."""
    g = torch.Generator().manual_seed(0)
    Q = torch.linalg.qr(torch.randn(30, 30, generator=g, dtype=torch.float64))[0]
    K, U = Q[:, :12], Q[:, 12:]
    X, R = K @ torch.randn(12, 5, generator=g, dtype=torch.float64), torch.randn(8, 5, generator=g, dtype=torch.float64)
    solution = null_space(X, R, U)
    assert float(solution.update.dense().norm()) == 0
    assert len(solution.dropped) == 5
    with pytest.raises(ContradictionError, match="lies in what must stay"):
        null_space(X, R, U, policy="exact")
    assert float(null_space(X, R, U[:, :0]).update.dense().norm()) == 0


@pytest.mark.ci_slow
def test_another_edit_on_the_pipeline_is_looked_through(model, whole):
    uce = erasepro.erase(model, {"dog": "cat"}, solver="uce")
    concepts = load_concepts(ConceptsConfig(name="x", kind="instance", pairs=[["dog", "cat"]]), "miniature")
    pairs = make_edit_prompts(concepts, TemplatesConfig(grammar="miniature")).pairs[:4]
    clean = measure_residual(model, uce, pairs)
    whole.apply(model.pipe)
    try:
        assert measure_residual(model, uce, pairs) == clean
    finally:
        whole.revert(model.pipe)
    with pytest.raises(UserError, match="No prompt to measure"):
        measure_residual(model, uce, [])


@pytest.mark.ci_slow
def test_a_skeleton_adds_and_removes_but_is_not_edited():
    model = load_skeleton("miniature")
    edit = erasepro.erase(model, {"dog": "cat"}, solver="uce")
    both = add_concepts(edit, {"horse": "car"}, model)
    assert both == erasepro.erase(model, PAIRS, solver="uce")
    assert remove_concept(both, "horse", model) == edit
    with pytest.raises(UserError, match="A skeleton holds no weights to change"):
        edit.apply(model.pipe)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {
                "text_fit": {"preserve": {"tokens": "words", "weights": "caption", "captions": 4}},
                "cross_attention": False,
            },
            None,
            marks=pytest.mark.ci_slow,
        ),
        pytest.param({"solver": "alphaedit", "ridge": 1e-30}, "singular to rounding", marks=pytest.mark.ci_slow),
        ({"cross_attention_fit": {"unselected_weight": 1e12}}, "unselected_weight must be at most 1e"),
        ({"solver": "double_projection", "span": "retained", "retain_source": "none"}, "there are none"),
        ({"solver": "uce", "schedule": "reverse"}, "has no schedule"),
    ],
)
def test_what_cannot_be_solved_is_one_line(model, options, message):
    if message is None:
        assert erasepro.erase(model, {"dog": "cat"}, **options).updates
        return
    with pytest.raises(UserError, match=message) as info:
        erasepro.erase(model, {"dog": "cat"}, **options)
    assert "\n" not in str(info.value)


def test_a_weight_of_the_constraints_beyond_rounding_is_one_line(model):
    concepts = load_concepts(ConceptsConfig(name="x", kind="instance", pairs=[["dog", "cat"]]), "miniature")
    few = make_edit_prompts(concepts, TemplatesConfig(grammar="miniature"))
    fit = {"residual": "soft", "mu": 1e30, "preserve": {"captions": 4, "tokens": "all"}}
    solver = make_solver("erasepro", {"name": "erasepro", "text_sites": [], "cross_attention_fit": fit})
    with pytest.raises(UserError, match="lower mu") as info:
        solver.solve(model, few)
    assert "\n" not in str(info.value)


def test_preserve_is_for_lists_of_pairs(model):
    with pytest.raises(UserError, match="preserve goes with a list of pairs"):
        erasepro.erase(model, "mini/instance_1", solver="uce", preserve=["car"])
