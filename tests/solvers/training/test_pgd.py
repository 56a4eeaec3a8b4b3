"""The inner loop on a toy: it stays in its ball, takes the steps it is asked for, and its value does not rise."""

import itertools

import pytest
import torch

from erasepro.solvers.training.pgd import descend, project

GENERATOR = torch.Generator().manual_seed(0)
C = torch.randn(2, 5, 7, generator=GENERATOR, dtype=torch.float64)
GOAL = torch.randn(2, 5, 7, generator=GENERATOR, dtype=torch.float64)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("clamp", [True, False])
def test_a_projection_is_idempotent_and_keeps_what_lies_inside(clamp):
    delta = torch.randn_like(C)
    once = project(delta, C, 0.1, clamp)
    assert torch.allclose(project(once, C, 0.1, clamp), once, atol=1e-15)
    assert float(once.abs().max()) <= 0.1 + 1e-12
    inside = project(0.01 * delta.clamp(-1, 1), C.clamp(-0.5, 0.5), 0.1, False)
    assert torch.equal(inside, 0.01 * delta.clamp(-1, 1))
    if clamp:
        assert float((C + once).max()) <= float(C.max()) + 1e-12
        assert float((C + once).min()) >= float(C.min()) - 1e-12


def test_it_stays_in_its_ball_and_the_attack_never_gets_worse():
    values = []

    def value(c):
        values.append(float((c - GOAL).square().sum()))
        return (c - GOAL).square().sum()

    delta = descend(value, C, 0.5, 30, 0.002, seeded())
    assert len(values) == 30  # the steps that were asked for
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(values))
    assert float(delta.abs().max()) <= 0.5
    assert not delta.requires_grad


def test_the_start_is_random_and_the_generator_decides_it():
    def flat(c):
        return c.sum() * 0

    a, b, other = (descend(flat, C, 0.1, 1, 0.01, seeded(s), clamp=False) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, other)
    assert float(a.abs().max()) > 0.09


def test_it_reaches_the_corner_of_the_box():
    delta = descend(lambda c: c.sum(), C, 0.1, 10, 0.025, seeded(), clamp=False)
    assert torch.allclose(delta, torch.full_like(C, -0.1))
