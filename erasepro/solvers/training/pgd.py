"""Projected gradient descent on a text embedding: the small change under which a net draws what was erased.

Shapes: embeddings c and changes δ (B, L, d).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def project(delta: Tensor, c: Tensor, epsilon: float, clamp: bool = True) -> Tensor:
    """δ with ‖δ‖∞ ≤ ε, and where ``clamp`` says so c + δ between the least and the greatest number of each embedding."""
    delta = delta.clamp(-epsilon, epsilon)
    if not clamp:
        return delta
    inner = tuple(range(1, c.ndim))
    return (c + delta).clamp(c.amin(inner, keepdim=True), c.amax(inner, keepdim=True)) - c


def descend(
    value: Callable[[Tensor], Tensor],
    c: Tensor,
    epsilon: float,
    steps: int,
    step_size: float,
    generator: torch.Generator,
    clamp: bool = True,
) -> Tensor:
    """δ that makes ``value(c + δ)`` small, by signed gradient steps from a random start in the box, projected after each.

    Source: RACE (arXiv 2405.16341), its inner loop.

    Args:
        value: of an embedding, one number; only its gradient by the embedding is asked for.
        generator: a CPU generator, which decides the start.
    """
    start = 2 * torch.rand(c.shape, generator=generator).to(c) - 1
    delta = project(epsilon * start, c, epsilon, clamp)
    for _ in range(steps):
        moved = (c + delta).detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(value(moved), moved)
        delta = project(delta - step_size * gradient.sign(), c, epsilon, clamp)
    return delta.detach()
