"""The schedules' own arithmetic."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.schedules import SCHEDULES, ScheduleConfig, SiteView


def view(step=1, steps=4, states=True):
    W, X, Y = torch.eye(3), torch.zeros(3, 2), torch.ones(3, 2)
    x, y = (torch.zeros(3, 2), torch.full((3, 2), 5.0)) if states else (None, None)
    return SiteView("mlp.fc2", step, steps, W, X, Y, x, y, lambda: torch.full((3, 2), 8.0))


def value(step=1, steps=4, states=True, **cfg):
    schedule = SCHEDULES.get(cfg["name"])(ScheduleConfig(**cfg))
    return float(schedule.residual(view(step, steps, states))[0, 0])


def test_targets():
    assert value(name="progressive") == 1
    assert value(name="progressive", target="hidden_state") == 5
    assert value(name="progressive", target="hidden_state", states=False) == 1
    assert [value(name="residual_split", step=s) for s in (1, 2, 3, 4)] == pytest.approx([2, 8 / 3, 4, 8])
    assert value(name="residual_split", at="output", step=4) == 1
    assert value(name="residual_split", states=False) == 0.25


@pytest.mark.parametrize("shape", ["linear", "cosine", "geometric"])
def test_interpolation_rises_to_one(shape):
    alphas = [value(name="interpolate", shape=shape, step=s) for s in (1, 2, 3, 4)]
    assert alphas == sorted(alphas)
    assert alphas[0] > 0
    assert alphas[-1] == pytest.approx(1)


def test_share_of_blocks():
    def blocks(name, share):
        return SCHEDULES.get(name)(ScheduleConfig(name=name, share=share)).blocks([0, 1, 2, 3, 4])

    assert blocks("deep_only", 0.4) == [3, 4]
    assert blocks("shallow_only", 0.5) == [0, 1, 2]
    assert blocks("cross_attention_only", 0.5) == []
    with pytest.raises(UserError, match="share"):
        blocks("deep_only", 0.0)
