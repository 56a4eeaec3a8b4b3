"""What every solver makes of odd input: a documented result, or one clear line."""

import math

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import SOLVERS, make_solver
from erasepro.solvers.training.trained_solver import TrainedSolver

NAMES = SOLVERS.names()
# what the few captions of a test need: a ridge where the published one is 0, a threshold that leaves something free
GENTLE = {
    "trce_text": {"ridge": 1e-3},
    "alphaedit": {"threshold": 1e-2},
    "double_projection": {"independence_threshold": 1e-3},
}
TRAINED = [name for name in NAMES if issubclass(SOLVERS.get(name), TrainedSolver)]
GENTLE |= {name: {"steps": 2, "sampling_steps": 3} for name in TRAINED}
GENTLE["race"] |= {"start_steps": 1}
GENTLE["ac"] |= {"anchor_pictures": 2, "batch_size": 2}
GENTLE["ace"] |= {"prior_scale": "one"}
GENTLE["tea"] = {"epochs": 1}
CAPTIONS = tuple(f"a {a} {b} on a {c} hill" for a in ("big", "red", "old") for b in ("bird", "house") for c in "abcd")


def prompts_of(*pairs, templates=("a photo of a {}", "{} at sea"), preserve=CAPTIONS, names=("bird", "house")):
    pairs = tuple(ConceptPair(*p) for p in pairs)
    prompts = [
        PromptPair(t.format(p.target), t.format(p.anchor) if p.anchor else "", p) for p in pairs for t in templates
    ]
    return EditPrompts(ConceptSet("t", "instance", pairs, names), tuple(prompts), preserve)


def solve(name, model, build):
    edit = make_solver(name, GENTLE.get(name, {})).solve(model, build)
    for update in edit.updates.values():
        assert bool(torch.isfinite(update.dense()).all())
    return edit


def one_line(info):
    assert "\n" not in str(info.value)
    assert len(str(info.value)) > 30


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_models_are_solved_in_float64(name):
    pipe = tiny_pipeline()
    pipe.text_encoder.half()
    pipe.unet.half()
    model = Model(pipe, "tiny", "random", weights_hash(pipe))
    edit = solve(name, model, prompts_of(("dog", "cat")))
    assert {f.dtype for u in edit.updates.values() for f in u.factors.values()} == {torch.float64}
    assert weights_hash(pipe) == model.weights_hash


ODD_PAIRS = (
    ("café crème", "thé"),
    ("naïve Künstlerin", "Maler"),
    ("dog", ""),
    ("a very long-winded name of a thing", "cat"),
)


@pytest.mark.parametrize(
    ("name", "pair"),
    [  # the default meets them all at once, another method one of them; the rest in the second step
        pytest.param(n, p, marks=() if n == "erasepro" or (i + j) % len(ODD_PAIRS) == 0 else pytest.mark.ci_slow)
        for i, n in enumerate(NAMES)
        for j, p in enumerate(ODD_PAIRS)
    ],
)
def test_names_in_any_script_and_empty_anchors(name, shared_model, pair):
    edit = solve(name, shared_model, prompts_of(pair))
    assert max(d["delta_norm"] or 0.0 for d in edit.diagnostics) > 0  # None where the base is all zeros, as biases may be


@pytest.mark.parametrize("name", NAMES)
def test_a_name_longer_than_the_context(name, shared_model):
    with pytest.raises(UserError, match=r"tokens, but the text encoder reads") as info:
        solve(name, shared_model, prompts_of(("very " * 80 + "long", "cat")))
    one_line(info)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_preserve(name, shared_model):
    build = prompts_of(("dog", "cat"), preserve=(), names=())
    edit = solve(name, shared_model, build)
    key = "delta_norm" if name in TRAINED else "residual_after_all"
    assert all(math.isfinite(d[key] or 0.0) for d in edit.diagnostics)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n in ("erasepro", "uce", "emcid") else pytest.mark.ci_slow)
        for n in NAMES
        if n not in TRAINED  # they have no columns
    ],
)
def test_more_columns_than_dimensions(name, shared_model):
    words = [f"{a}{b}" for a in "bcdfghjk" for b in ("ane", "ill", "ode", "use", "ark", "int")]
    edit = solve(name, shared_model, prompts_of(*((w, "cat") for w in words)))
    assert edit.diagnostics[0]["columns"] > 32
    assert all(math.isfinite(d["residual_after_all"]) for d in edit.diagnostics)


@pytest.mark.parametrize(
    ("name", "where"),
    [(n, w) for n in NAMES for w in ("text_encoder", "unet") if w == "text_encoder" or n not in ("emcid", "alphaedit")],
)
def test_a_weight_with_nan_is_named(name, where):
    pipe = tiny_pipeline()
    part = getattr(pipe, where)
    weights = [p for n, p in part.named_parameters() if n.endswith(("mlp.fc2.weight", "attn2.to_v.weight"))]
    weights[1].data[0, 0] = float("nan")
    model = Model(pipe, "tiny", "random", weights_hash(pipe))
    with pytest.raises(UserError, match="NaN") as info:
        solve(name, model, prompts_of(("dog", "cat")))
    one_line(info)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "rece"])  # its guide is the empty prompt
def test_names_that_the_tokenizer_cannot_tell_apart(name, shared_model):
    with pytest.raises(UserError, match="same tokens") as info:
        solve(name, shared_model, prompts_of(("犬", "猫")))  # both are unknown to the tiny vocabulary
    one_line(info)


def test_contradictory_sets_are_refused_when_they_are_made():
    for pairs, names, message in (
        ([("dog", "dog")], (), "its own anchor"),
        ([("dog", "cat"), ("Dog", "fox")], (), "two anchors"),
        ([("dog", "cat")], ("dog",), "both erased and in concepts.preserve"),
        ([(" ", "cat")], (), "no target"),
        ([], (), "no pairs"),
    ):
        with pytest.raises(UserError, match=message) as info:
            prompts_of(*pairs, names=names)
        one_line(info)
