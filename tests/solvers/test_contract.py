"""What every registered solver promises, whoever wrote it: one tester, run over all names."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.edit.fits_lora import fits_lora
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import SOLVERS, make_solver
from erasepro.solvers.training.trained_solver import TrainedSolver
from erasepro.verification import certify

NAMES = SOLVERS.names()
# what the few captions of a test need: a ridge where the published one is 0, a threshold that leaves something free
OPTIONS = {"trce_text": {"ridge": 1e-3}, "alphaedit": {"threshold": 1e-2}}
TRAINED = [name for name in NAMES if issubclass(SOLVERS.get(name), TrainedSolver)]
OPTIONS |= {name: {"steps": 2, "sampling_steps": 3, "learning_rate": 1e-3} for name in TRAINED}
OPTIONS["race"] |= {"start_steps": 1}
OPTIONS["tea"] |= {"epochs": 2, "ema": 0.0, "batch_size": 2}
OPTIONS["ac"] |= {"anchor_pictures": 4}
OPTIONS["ace"] |= {"prior_scale": "one"}
SOLVED = [name for name in NAMES if name not in TRAINED]
CAPTIONS = tuple(f"a {a} {b} on a {c} hill" for a in ("big", "red", "old") for b in ("bird", "house") for c in "abcd")
ROUNDING = 1e-8
"""Of ‖ΔW‖: batches and orders sum in another order, in float64."""
EXACT = {"erasepro": {"preserve_dtype": "float64"}}
"""Settings under which captions are read in float64: float32 rounds by the groups they are read in, and by the processor."""
WITHOUT_ANCHOR = ("cure",)
"""Methods that take the target out whatever the anchor: identical inputs are changed too."""
OF_ANCHOR = {"rece": {"anchor_source": "anchor", "epochs": 0}}
"""Settings under which the anchor's features are the target (RECE's is the empty prompt, and its rounds derive others)."""


def prompts(*pairs: tuple[str, str]) -> EditPrompts:
    concepts = tuple(ConceptPair(*pair) for pair in pairs)
    rows = [
        PromptPair(t.format(p.target), t.format(p.anchor), p)
        for p in concepts
        for t in ("a photo of a {}", "{} at sea")
    ]
    return EditPrompts(ConceptSet("t", "instance", concepts, ("bird", "house")), tuple(rows), CAPTIONS)


def solve(name: str, model: Model, given: EditPrompts, **options: object) -> Edit:
    return make_solver(name, {**OPTIONS.get(name, {}), **options}).solve(model, given)


def distance(one: Edit, other: Edit) -> float:
    """The largest difference of two edits' changes, relative to the change."""
    assert one.updates.keys() == other.updates.keys()
    changes = [(one.updates[site].dense(), other.updates[site].dense()) for site in one.updates]
    return max(float((a - b).norm() / a.norm().clamp_min(1e-12)) for a, b in changes)


PAIRS = (("dog", "cat"), ("apple", "pear"))


@pytest.fixture(scope="module")
def edits(shared_model):
    """Every solver's edit of two concepts, solved once."""
    solved: dict[str, Edit] = {}

    def edit_of(name: str) -> Edit:
        if name not in solved:
            solved[name] = solve(name, shared_model, prompts(*PAIRS))
        return solved[name]

    return edit_of


@pytest.fixture(scope="module")
def base(shared_model, tmp_path_factory):
    """The model's folder, as exports take it."""
    folder = tmp_path_factory.mktemp("base")
    shared_model.pipe.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    def test_the_model_keeps_its_bytes_and_the_edit_changes_them(self, name, shared_model, edits):
        edit = edits(name)
        assert weights_hash(shared_model.pipe) == shared_model.weights_hash
        assert edit.updates
        assert all(bool(torch.isfinite(update.dense()).all()) for update in edit.updates.values())
        assert max(float(update.dense().norm()) for update in edit.updates.values()) > 1e-6
        assert edit.meta["solver"] == name
        assert edit.meta["config"] == dataclasses.asdict(make_solver(name, edit.meta["config"]).config)

    def test_the_same_call_gives_the_same_edit(self, name, shared_model, edits):
        """Trained ones too: their seed is a setting, and this is one processor."""
        assert solve(name, shared_model, prompts(*PAIRS)) == edits(name)

    def test_it_is_saved_loaded_applied_scaled_and_reverted(self, name, edits, tmp_path):
        edit = Edit.load(edits(name).save(tmp_path / "edit"))
        assert edit == edits(name)
        pipe = tiny_pipeline()
        before = weights_hash(pipe)
        site, update = next(iter(edit.updates.items()))
        W = parameter(pipe, site)
        W_o = W.detach().clone()
        for strength in (1.0, 0.5, 0.0):
            scaled = edit.scale(strength)
            scaled.apply(pipe)
            assert torch.equal(W, update.apply_to(W_o, strength))
            scaled.revert(pipe)
            assert weights_hash(pipe) == before

    def test_another_base_is_refused(self, name, edits):
        with pytest.raises(UserError, match="differs from the one this edit was solved on"):
            edits(name).apply(tiny_pipeline(seed=7))

    def test_a_wrong_key_is_told_with_the_solvers_own(self, name, shared_model):
        with pytest.raises(UserError, match=rf"Unknown key of solver '{name}' 'bogus_key'") as info:
            make_solver(name, {"bogus_key": 1})
        assert all(key in str(info.value) for key in vars(make_solver(name).config))
        with pytest.raises(UserError, match=r"batch_size.*1 or more"):
            solve(name, shared_model, prompts(*PAIRS), batch_size=0)

    def test_a_pipeline_that_carries_an_edit_is_refused(self, name, edits):
        pipe = tiny_pipeline()
        model = Model(pipe, "tiny", "random", weights_hash(pipe))
        with edits(name).applied(pipe), pytest.raises(UserError, match="revert it"):
            solve(name, model, prompts(*PAIRS))

    def test_it_is_certified(self, name, shared_model, edits):
        certificate = certify(edits(name), shared_model)
        assert certificate["tensors"].keys() == edits(name).updates.keys()
        assert all(entry["base"] != entry["edited"] for entry in certificate["tensors"].values())
        assert certificate["end_to_end"]["residual_before"] > 0
        assert weights_hash(shared_model.pipe) == shared_model.weights_hash

    def test_it_is_exported_as_a_whole_model(self, name, edits, base, tmp_path):
        from diffusers import StableDiffusionPipeline

        done = export_edit(edits(name), tmp_path / "whole", "diffusers", base=base)
        read = StableDiffusionPipeline.from_pretrained(done.path, safety_checker=None)
        twin = tiny_pipeline()
        edits(name).apply(twin)
        assert weights_hash(read) == weights_hash(twin)

    def test_a_lora_holds_it_or_says_what_does(self, name, edits, tmp_path):
        if all(fits_lora(site, update) for site, update in edits(name).updates.items()):
            assert export_edit(edits(name), tmp_path / "lora", "lora", rank=64).weights
        else:
            with pytest.raises(UserError, match="A LoRA holds changes of linear layers alone"):
                export_edit(edits(name), tmp_path / "lora", "lora")


@pytest.mark.parametrize("name", SOLVED)
class TestClosedFormContract:
    def test_batch_size_is_speed_only(self, name, shared_model, edits):
        exact = EXACT.get(name, {})
        edit = solve(name, shared_model, prompts(*PAIRS), **exact) if exact else edits(name)
        assert distance(edit, solve(name, shared_model, prompts(*PAIRS), batch_size=3, **exact)) < ROUNDING

    def test_the_order_of_pairs_does_not_matter(self, name, shared_model, edits):
        assert distance(edits(name), solve(name, shared_model, prompts(*PAIRS[::-1]))) < ROUNDING

    def test_identical_features_ask_for_no_change(self, name, shared_model):
        given = prompts(("dog", "cat"))
        same = SimpleNamespace(target="cat", anchor="cat")  # no set holds such a pair: the equations are looked at
        rows = [PromptPair(row.anchor_prompt, row.anchor_prompt, same) for row in given.pairs]
        solver = make_solver(name, {**OPTIONS.get(name, {}), **OF_ANCHOR.get(name, {})})
        solver.pairs = lambda _: rows
        edit = solver.solve(shared_model, dataclasses.replace(given, pairs=tuple(rows)))
        change = max(entry["delta_norm"] for entry in edit.diagnostics)
        assert (change > 1e-3) if name in WITHOUT_ANCHOR else (change < 1e-7)


@pytest.mark.parametrize("name", EXACT)
def test_captions_read_in_float32_round_by_the_batches_alone(name, shared_model, edits):
    """As it ships: either size of a batch is as near to the exact edit."""
    exact = solve(name, shared_model, prompts(*PAIRS), **EXACT[name])
    by_batches = [edits(name), solve(name, shared_model, prompts(*PAIRS), batch_size=3)]
    assert all(distance(exact, edit) < 1e-4 for edit in by_batches)
