"""The training loop: a run that was cut off ends exactly where an undisturbed one does."""

import pytest
import torch
from safetensors.torch import load_file

from erasepro.recipes.miniature.loop import Loop, learning_rate


def train(folder, steps=12, stop_after=None):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    loop = Loop("part", model, folder, steps=steps, peak=1e-2, every=0.0)

    def loss_at(step):
        if step == stop_after:
            raise KeyboardInterrupt
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
        loss = (model(x) - x[:, :2]).square().mean()
        return loss, {"loss": loss.item()}

    loop.run(loss_at)
    return load_file(str(loop.final))


def test_a_resumed_run_ends_in_the_same_weights(tmp_path):
    whole = train(tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b", stop_after=7)
    resumed = train(tmp_path / "b")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_the_learning_rate_warms_up_and_falls_to_a_fiftieth():
    assert learning_rate(0, 1000, 1.0) == pytest.approx(0.01)
    assert learning_rate(99, 1000, 1.0) == pytest.approx(1.0)
    assert learning_rate(1000, 1000, 1.0) == pytest.approx(0.02)
