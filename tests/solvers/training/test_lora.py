"""Adapters: nothing at the beginning, and afterwards exactly the update that they say."""

import pytest
import torch
from torch import nn

from erasepro.solvers.training.lora import Adapter, add_adapters

LAYERS = {
    "linear": (nn.Linear(6, 5), torch.randn(2, 3, 6)),
    "pointwise": (nn.Conv2d(4, 5, 1), torch.randn(2, 4, 8, 8)),
    "strided": (nn.Conv2d(4, 5, 3, stride=2, padding=1, bias=False), torch.randn(2, 4, 8, 8)),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_an_adapter_is_its_update(kind):
    layer, x = LAYERS[kind]
    layer, x = layer.double(), x.double()
    adapter = Adapter(layer, 2, 0.25, torch.Generator().manual_seed(0))
    assert torch.equal(adapter(x), layer(x))
    with torch.no_grad():
        adapter.up.normal_()
    update = adapter.update()
    assert update.shape == tuple(layer.weight.shape)
    assert update.rank == 2
    changed = type(layer).__new__(type(layer))
    changed.__dict__.update(layer.__dict__)
    changed._parameters = {**layer._parameters, "weight": nn.Parameter(update.apply_to(layer.weight))}
    assert torch.allclose(adapter(x), changed(x), atol=1e-12)
    assert torch.allclose(update.apply_to(layer.weight), layer.weight + update.dense(), atol=1e-14)
    assert adapter.weight is layer.weight
    assert adapter.bias is layer.bias


def test_they_stand_where_they_are_wanted_and_bear_an_edits_names():
    first = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Conv2d(3, 3, 1))
    net = nn.ModuleDict({"a": first, "b": nn.Linear(3, 3), "c": nn.Conv2d(4, 4, 1, groups=4)})
    adapters = add_adapters(net, lambda path: path != "b", 1, 1.0, 0)
    assert list(adapters) == ["unet.a.0", "unet.a.2.weight"]
    assert isinstance(net["a"][0], Adapter)
    assert isinstance(net["b"], nn.Linear)
    again = nn.ModuleDict({"a": nn.Sequential(nn.Linear(3, 3))})
    assert torch.equal(add_adapters(again, lambda _: True, 1, 1.0, 0)["unet.a.0"].down, adapters["unet.a.0"].down)
