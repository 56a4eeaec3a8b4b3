"""What a training goes on from, and the table of its losses."""

import pytest
import torch
from torch import nn

from erasepro.errors import UserError
from erasepro.results.training_curve import CURVE, read_curve
from erasepro.solvers.training.checkpoint import (
    FILE,
    TrainingState,
    close_training,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)

STATE = TrainingState(3, 1.5, {"weight.a": torch.arange(4.0)}, [{"loss": 0.1}, {"loss": 0.25, "inner": 2.0}, {"loss": 1 / 3}])


def test_a_state_comes_back_as_it_was(tmp_path):
    save_state(tmp_path, STATE, "one")
    read = load_state(tmp_path, "one")
    assert (read.step, read.seconds, read.curve) == (STATE.step, STATE.seconds, STATE.curve)
    assert torch.equal(read.tensors["weight.a"], STATE.tensors["weight.a"])
    assert load_state(tmp_path / "empty", "one") is None


def test_another_trainings_checkpoint_and_a_damaged_one_are_refused(tmp_path):
    save_state(tmp_path, STATE, "one")
    with pytest.raises(UserError, match="is the checkpoint of another training"):
        load_state(tmp_path, "two")
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:40])
    with pytest.raises(UserError, match="damaged"):
        load_state(tmp_path, "one")


def test_the_table_of_losses_stays_and_the_checkpoint_goes(tmp_path):
    save_state(tmp_path, STATE, "one")
    assert read_curve(tmp_path / CURVE)[1] == {"step": 2.0, "loss": 0.25, "inner": 2.0}
    close_training(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert [point["loss"] for point in read_curve(tmp_path / CURVE)] == [0.1, 0.25, 1 / 3]
    assert read_curve(tmp_path / "none.csv") == []


def test_an_optimiser_goes_on_as_if_it_had_not_stopped():
    def made():
        layer = nn.Linear(3, 2).double()
        nn.init.constant_(layer.weight, 0.5)
        nn.init.constant_(layer.bias, 0.1)
        return layer, torch.optim.Adam(layer.parameters(), lr=0.1)

    def step(layer, adam, n):
        for i in range(n):
            adam.zero_grad()
            (layer(torch.ones(1, 3, dtype=torch.float64) * (i + 1)).square().sum()).backward()
            adam.step()

    whole, adam = made()
    step(whole, adam, 2)
    kept = {k: v.clone() for k, v in optimiser_tensors(adam, ["w", "b"]).items()}
    weights = {k: v.clone() for k, v in whole.state_dict().items()}
    step(whole, adam, 3)
    other, fresh = made()
    other.load_state_dict(weights)
    restore_optimiser(fresh, ["w", "b"], kept)
    step(other, fresh, 3)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), other.parameters(), strict=True))
