"""TEA: which weights it trains, its reversed gradient, and that what is stated of it is measured through all it changes."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.trained.tea import Reversed, token_cosine
from erasepro.solvers.training.text_tower import TextTower
from tests.models.pipelines import flux, sdxl

QUICK = {"epochs": 2, "ema": 0.0, "batch_size": 2, "learning_rate": 1e-3}


def test_the_gradient_is_turned_and_the_numbers_are_not():
    x = torch.randn(4, dtype=torch.float64, requires_grad=True)
    y = Reversed.apply(x, 0.5)
    assert torch.equal(x, y)
    (y * torch.arange(4.0)).sum().backward()
    assert torch.equal(x.grad, -0.5 * torch.arange(4.0).double())


def test_the_cosine_counts_the_tokens_of_the_text():
    a, b = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    b[0] = 2 * a[0]
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert float(token_cosine(a, b, mask)) == pytest.approx(0, abs=1e-6)
    mask[1, 1] = True
    one = float(1 - torch.nn.functional.cosine_similarity(a[1, 1], b[1, 1], dim=0))
    assert float(token_cosine(a, b, mask)) == pytest.approx(one / 3, abs=1e-6)


def test_states_are_what_the_pipeline_reads(shared_model):
    tower = TextTower(shared_model.pipe)
    with torch.no_grad():
        states, of_text = tower.states(tower.frozen, ["a photo of a dog", "dog"])
    whole = shared_model.pipe.encode_prompt(["a photo of a dog", "dog"], "cpu", 1, False)[0]
    assert states.shape[1] == 7
    assert torch.allclose(states, whole[:, :7], atol=1e-5)
    assert of_text.sum(1).tolist() == [6, 2]
    pipe = sdxl()
    tower = TextTower(pipe)
    with torch.no_grad():
        states, _ = tower.states(tower.frozen, ["a dog"])
    whole = pipe.encode_prompt("a dog", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)[0]
    assert torch.allclose(states, whole[:, : states.shape[1], :32], atol=1e-5)


def test_an_edit_of_a_text_encoder_is_measured_through_all_it_changes(shared_model, build, tmp_path):
    """Norms and biases too: what is held out is read by the edited encoder itself."""
    solver = make_solver("tea", QUICK)
    edit = solver.solve(shared_model, build)
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    assert edit.meta["training"]["steps"] == 2
    assert all(name.startswith("text_encoder.") for name in edit.updates)
    assert any(name.endswith(".bias") for name in edit.updates)
    assert edit == make_solver("tea", QUICK).solve(shared_model, build)
    assert Edit.load(edit.save(tmp_path)) == edit
    from erasepro.edit.both_sides import BothSides
    from erasepro.models.features.columns import plan_retain_columns
    from erasepro.models.features.text_stack import conditioning_inputs

    (read,) = conditioning_inputs(shared_model.pipe)
    original, edited = BothSides(shared_model.pipe, edit).stacks(torch.float64)
    columns, _ = plan_retain_columns(shared_model.pipe, read, ["a photo of a dog"], "text")
    twin = tiny_pipeline()
    edit.apply(twin)
    for stack, pipe in ((original, shared_model.pipe), (edited, twin)):
        X = stack.input_features(read, ["a photo of a dog"], columns)
        with torch.no_grad():
            wanted = pipe.encode_prompt(["a photo of a dog"], "cpu", 1, False)[0][0, columns[0].positions].T.double()
        assert torch.allclose(X, wanted, atol=1e-5)


def test_the_discriminator_is_no_part_of_the_edit(shared_model, build):
    tower_edit = make_solver("tea", {**QUICK, "learning_rate": 1e-12}).solve(shared_model, build)
    assert not any("discriminator" in name for name in tower_edit.updates)
    for name, update in tower_edit.updates.items():
        assert float(update.dense().norm()) < 1e-6 * float(parameter(shared_model.pipe, name).norm() + 1)


def test_what_has_no_clip_to_train_is_refused(build):
    other = flux()
    for call in (lambda s: s.memory(other, build), lambda s: s.solve(Model(other, "flux", "random", ""), build)):
        with pytest.raises(UserError, match="trains a CLIP text encoder whose tokens the denoiser reads"):
            call(make_solver("tea", QUICK))
    for key, value in (("epochs", 0), ("anchors", 0), ("discriminator_rate", 0.0), ("preserve_weight", -1.0)):
        with pytest.raises(UserError, match=f"solver.{key}"):
            make_solver("tea", {key: value}).check_config()
