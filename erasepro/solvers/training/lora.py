"""Adapters of low rank on a network's layers: W + scale · up down, of which up and down are trained.

Shapes: up (d_out, r), down (r, d_in); of a convolution (d_out, r, 1, 1) and (r, d_in, height, width).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from erasepro.linalg import LowRankUpdate
from erasepro.solvers.training.denoiser import COMPONENT

Layer = nn.Linear | nn.Conv2d


class Adapter(nn.Module):
    """A linear or a convolution with an adapter beside it; up begins with zeros, so that it changes nothing.

    Args:
        base: the layer, which stays as it is.
        rank: r. scale: of the adapter's output.
        generator: a CPU generator, which decides down.
    """

    def __init__(self, base: Layer, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        W = base.weight
        shape = (rank, *W.shape[1:])
        bound = 1 / math.sqrt(math.prod(shape[1:]))  # as nn.Linear begins
        self.down = nn.Parameter(((2 * torch.rand(shape, generator=generator) - 1) * bound).to(W))
        self.up = nn.Parameter(torch.zeros(W.shape[0], rank).to(W))

    @property
    def weight(self) -> Tensor:
        """The layer's own, which its neighbours ask for its dtype."""
        return self.base.weight

    @property
    def bias(self) -> Tensor | None:
        return self.base.bias

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.base, nn.Linear):
            return self.base(x) + self.scale * nn.functional.linear(nn.functional.linear(x, self.down), self.up)
        conv = self.base
        inner = nn.functional.conv2d(x, self.down, None, conv.stride, conv.padding, conv.dilation)
        return conv(x) + self.scale * nn.functional.conv2d(inner, self.up[:, :, None, None])

    def update(self) -> LowRankUpdate:
        """What it adds to the layer's weight, in float64 on the CPU."""
        up, down = (value.detach().to("cpu", torch.float64) for value in (self.up, self.down))
        return LowRankUpdate(self.scale * up, down)


def add_adapters(
    network: nn.Module, is_adapted: Callable[[str], bool], rank: int, scale: float, seed: int
) -> dict[str, Adapter]:
    """Put an adapter on every chosen linear and convolution of a network.

    Args:
        is_adapted: by a layer's path.

    Returns:
        the adapters by the names that an edit gives their layers' weights.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    adapters = {}
    chosen = [(path, layer) for path, layer in network.named_modules() if isinstance(layer, Layer) and is_adapted(path)]
    for path, layer in chosen:
        if isinstance(layer, nn.Conv2d) and layer.groups != 1:
            continue
        parent, _, leaf = path.rpartition(".")
        adapter = Adapter(layer, rank, scale, generator)
        setattr(network.get_submodule(parent), leaf, adapter)
        adapters[f"{COMPONENT}.{path}" if isinstance(layer, nn.Linear) else f"{COMPONENT}.{path}.weight"] = adapter
    return adapters
