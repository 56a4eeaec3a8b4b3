"""ESD: its loss beside a reference written out by hand, which weights it trains, and that it erases the miniature's dog."""

import pytest
import torch

from erasepro import load_model
from erasepro.errors import UserError
from erasepro.models.tensor_hashes import weights_hash
from erasepro.results.training_curve import CURVE, read_curve
from erasepro.solvers import make_solver
from erasepro.solvers.trained.esd import negative_guidance
from erasepro.solvers.training.denoiser import Denoiser, parameters_of
from tests.solvers.trained.killed import kill_at

SIZE = {"height": 64, "width": 64}
QUICK = {"steps": 3, "sampling_steps": 4, "learning_rate": 1e-3}


def test_the_target_turns_the_sign_of_the_guidance():
    e_0, e_c = (torch.randn(2, 3, dtype=torch.float64) for _ in range(2))
    assert torch.equal(negative_guidance(e_0, e_c, 0), e_0)
    for eta in (0.5, 1.0, 3.0):
        assert torch.allclose(negative_guidance(e_0, e_c, eta) - e_0, -(eta * (e_c - e_0)))


def test_loss_and_gradient_are_those_written_out(double_model, make_build):
    """In float64, on the latents that the same generator gives."""
    solver = make_solver("esd_x", {**QUICK, "erase_guidance": 1.7, "batch_size": 2})
    denoiser = Denoiser(double_model.pipe, 4)
    network, chosen = denoiser.trainable_copy(solver.is_trained)
    loss_at = solver.loss(denoiser, network, make_build(pairs=(("dog", "cat"), ("apple", "pear"))))
    loss, _ = loss_at(0, torch.Generator().manual_seed(3))
    loss.backward()

    g = torch.Generator().manual_seed(3)
    names = ["dog", "apple"]
    picked = [names[i] for i in torch.randint(2, (2,), generator=g).tolist()]
    step = int(torch.randint(4, (), generator=g))
    z = torch.randn(2, *denoiser.shape, generator=g).double()
    pipe = double_model.pipe
    c, blank = pipe.encode_prompt(picked, "cpu", 1, True, negative_prompt=["", ""])
    scheduler = denoiser.scheduler
    for t in scheduler.timesteps[:step]:
        with torch.no_grad():
            e = network(torch.cat([z, z]), t, torch.cat([blank, c])).sample
        z = scheduler.step(e[:2] + 3.0 * (e[2:] - e[:2]), t, z).prev_sample
    low, high = int(scheduler.timesteps[step]), int(scheduler.timesteps[step - 1]) if step else 100
    t = int(torch.randint(low, high, (), generator=g))
    with torch.no_grad():
        e_0, e_c = (pipe.unet(z, t, x).sample for x in (blank, c))
    twin, parameters = Denoiser(pipe, 4).trainable_copy(solver.is_trained)
    residual = twin(z, t, c).sample - (e_0 - 1.7 * (e_c - e_0))
    by_hand = residual.square().mean()
    by_hand.backward()
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-12)
    for name, value in chosen.items():
        assert torch.allclose(value.grad, parameters[name].grad, atol=1e-12, rtol=1e-9), name


def test_x_trains_cross_attention_and_u_the_rest(shared_model):
    names = list(parameters_of(shared_model.pipe.unet))
    x, u = (make_solver(name).is_trained for name in ("esd_x", "esd_u"))
    assert {name for name in names if x(name)} == {name for name in names if ".attn2." in name}
    left = [name for name in names if not x(name) and not u(name)]
    assert {name.split(".")[1] for name in left} == {"conv_norm_out", "conv_out", "time_embedding"}
    assert not any(x(name) and u(name) for name in names)


@pytest.mark.parametrize("name", ["esd_x", "esd_u"])
def test_a_training_is_the_same_again_and_leaves_the_frozen_net(name, shared_model, build, tmp_path):
    solver = make_solver(name, QUICK)
    solver.folder = tmp_path
    edit = solver.solve(shared_model, build)
    assert edit == make_solver(name, QUICK).solve(shared_model, build)
    assert edit != make_solver(name, {**QUICK, "seed": 1}).solve(shared_model, build)
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    assert [point["step"] for point in read_curve(tmp_path / CURVE)] == [1, 2, 3]
    assert edit.meta["training"]["steps"] == 3
    assert set(edit.updates) <= {n for n in parameters_of(shared_model.pipe.unet) if solver.is_trained(n)}


def test_a_killed_training_gives_the_same_edit(shared_model, build, tmp_path, monkeypatch):
    whole = make_solver("esd_x", {**QUICK, "checkpoint_minutes": 0.0})
    killed = make_solver("esd_x", {**QUICK, "checkpoint_minutes": 0.0})
    killed.folder = tmp_path
    kill_at(killed, 2, shared_model, build)
    started = []
    plain_again = killed.loss

    def watched(*given):
        loss_at = plain_again(*given)
        return lambda number, generator: started.append(number) or loss_at(number, generator)

    monkeypatch.setattr(killed, "loss", watched)
    assert killed.solve(shared_model, build) == whole.solve(shared_model, build)
    assert started == [2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["esd_x", "esd_u"])
def test_the_miniature_loses_the_dog(name):
    """By the settings that ship for it; the presets are composed as a user names them."""
    from erasepro import erase

    model = load_model("miniature")
    edit = erase(model, {"dog": "cat"}, solver=f"{name}_miniature")
    pipe = model.pipe
    pipe.set_progress_bar_config(disable=True)
    prompts = ["a picture of a dog"] * 4 + ["a picture of a car"] * 4
    seeds = [torch.Generator().manual_seed(i) for i in (0, 1, 2, 3)] * 2
    with edit.applied(pipe):
        images = pipe(prompts, generator=seeds, num_inference_steps=12, guidance_scale=3.0, output_type="pt", **SIZE)[0]
    named = model.judge.classify((images * 255).round().to(torch.uint8)).concept
    assert "dog" not in named[:4]
    assert named[4:].count("car") >= 3


@pytest.mark.parametrize("keys", [{"gradient_checkpointing": True}, {"precision": "bfloat16"}])
def test_less_memory_costs_rounding_alone(keys, shared_model, build):
    plain, other = (make_solver("esd_x", {**QUICK, **k}).solve(shared_model, build) for k in ({}, keys))
    a, b = (torch.cat([u.dense().flatten() for u in e.updates.values()]) for e in (plain, other))
    assert float((a - b).norm() / a.norm()) < (1e-4 if "precision" not in keys else 0.5)


def test_what_cannot_be_trained_on_is_refused(shared_model, build):
    from erasepro.models.base import Model
    from tests.models.pipelines import flux

    other = flux()
    with pytest.raises(UserError, match="need the U-Net of Stable Diffusion"):
        make_solver("esd_x", QUICK).solve(Model(other, "flux", "random", ""), build)
    with pytest.raises(UserError, match="need the U-Net of Stable Diffusion"):
        make_solver("esd_x", QUICK).memory(other, build)
    assert make_solver("esd_u").memory(shared_model.pipe, build) > make_solver("esd_x").memory(shared_model.pipe, build) > 0
