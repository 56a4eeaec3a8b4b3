"""The loop: seeds by the step, resuming to the same bits, and one clear line where a training cannot go on."""

import math

import pytest
import torch
from torch import nn

from erasepro.errors import UserError
from erasepro.results.training_curve import CURVE, read_curve
from erasepro.solvers.configs.training import TrainingConfig
from erasepro.solvers.training.checkpoint import FILE, close_training, load_state
from erasepro.solvers.training.loop import TrainingLoop, is_out_of_memory


def made(folder=None, steps=6, identity="toy", start=1.0, **keys):
    parameters = {"a": nn.Parameter(torch.full((3,), start)), "b.bias": nn.Parameter(torch.zeros(2))}
    config = TrainingConfig("toy", steps=steps, learning_rate=0.1, checkpoint_minutes=0.0, **keys)
    return TrainingLoop(config, parameters, identity, folder)


def loss_of(loop, seen=None, stop=None):
    a, b = loop.parameters["a"], loop.parameters["b.bias"]

    def loss_at(number, generator):
        if stop is not None and number == stop:
            raise KeyboardInterrupt
        noise = torch.randn(3, generator=generator)
        if seen is not None:
            seen.append((number, noise))
        return (a - noise).square().sum() + (b + number).square().sum(), {"noise": float(noise.norm())}

    return loss_at


def test_a_killed_training_ends_with_the_same_bits(tmp_path):
    whole = made(ema=0.9)
    curve = whole.run(loss_of(whole))
    killed = made(tmp_path, ema=0.9)
    with pytest.raises(KeyboardInterrupt):
        killed.run(loss_of(killed, stop=4))
    again, seen = made(tmp_path, start=7.0, ema=0.9), []
    assert again.state.step == 4
    assert again.run(loss_of(again, seen)) == curve
    assert [number for number, _ in seen] == [4, 5]
    for name, value in whole.parameters.items():
        assert torch.equal(value, again.parameters[name])


def test_each_step_has_its_own_noise_and_a_seed_gives_another():
    seen, other = [], []
    first = made()
    first.run(loss_of(first, seen))
    second = made(seed=1)
    second.run(loss_of(second, other))
    noises = [tuple(noise.tolist()) for _, noise in [*seen, *other]]
    assert len(set(noises)) == 12


def test_the_moving_average_is_what_is_left():
    plain, averaged = made(), made(ema=0.5)
    kept = plain.parameters["a"].detach().clone()
    for step in range(6):  # by hand
        once = made(steps=step + 1)
        once.run(loss_of(once))
        decay = min(0.5, (1 + step) / (10 + step))
        kept = decay * kept + (1 - decay) * once.parameters["a"].detach()
    averaged.run(loss_of(averaged))
    assert torch.allclose(averaged.parameters["a"], kept, atol=1e-6)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_number_that_is_none_stops_it_and_the_last_good_weights_are_kept(tmp_path, what):
    loop = made(tmp_path)
    plain = loss_of(loop)

    def loss_at(number, generator):
        loss, figures = plain(number, generator)
        if number == 3:
            a = loop.parameters["a"]
            loss = loss * math.nan if what == "loss" else loss + (a - a).abs().sqrt().sum() * 1.0
        return loss, figures

    words = rf"The {what} of toy is no number at step 4 of 6.*lower solver.learning_rate"
    with pytest.raises(UserError, match=words) as told:
        loop.run(loss_at)
    assert str(tmp_path) in str(told.value)
    held = load_state(tmp_path, "toy")
    three = made(steps=3)
    three.run(loss_of(three))
    assert held.step == 3
    assert torch.equal(held.tensors["weight.a"], three.parameters["a"])


def test_memory_that_is_used_up_is_told_in_one_line():
    loop = made()

    def loss_at(number, generator):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")

    with pytest.raises(UserError, match=r"Not enough memory to train toy: set solver.gradient_checkpointing=true"):
        loop.run(loss_at)
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"))
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))

    def broken(number, generator):
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        loop.run(broken)


def test_what_is_left_in_the_folder_of_a_training_that_has_ended(tmp_path):
    loop = made(tmp_path)
    curve = loop.run(loss_of(loop))
    again, seen = made(tmp_path), []
    assert again.run(loss_of(again, seen)) == curve  # until its edit is saved, it need not be made again
    assert not seen
    for name, value in loop.parameters.items():
        assert torch.equal(value, again.parameters[name])
    close_training(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert [point["step"] for point in read_curve(tmp_path / CURVE)] == [1, 2, 3, 4, 5, 6]


def test_nothing_to_train_is_refused():
    with pytest.raises(UserError, match="finds no weight of this model"):
        TrainingLoop(TrainingConfig("toy"), {})
