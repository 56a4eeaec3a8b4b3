"""Rounded factors give the same ΔW to the last digits of float32, however much their terms cancel."""

import pytest
import torch

from erasepro.linalg import DenseUpdate, LowRankUpdate, Rounded, in_float32, is_float32
from erasepro.linalg.rounding import orthogonal


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def cancelling():
    """ΔW of rank 3 in five factors, four of which cancel to a millionth of their size."""
    up, down = randn(20, 3), randn(3, 30)
    a, b = randn(20, 1), randn(1, 30)
    return LowRankUpdate(torch.cat([up, 1e6 * a, -1e6 * a], dim=1), torch.cat([down, b, b + 1e-6 * down[:1]]))


def test_orthogonal_factors_are_the_singular_value_decomposition():
    update = LowRankUpdate(randn(20, 5), randn(5, 30))
    turned = orthogonal(update)
    assert torch.allclose(turned.dense(), update.dense(), rtol=0, atol=1e-12)
    assert torch.allclose(turned.down @ turned.down.T, torch.eye(5, dtype=torch.float64), atol=1e-13)
    assert torch.allclose(turned.up.norm(dim=0), torch.linalg.svdvals(update.dense())[:5])


@pytest.mark.parametrize("update", [LowRankUpdate(randn(20, 5), randn(5, 30)), DenseUpdate(randn(20, 30)), cancelling()])
@pytest.mark.parametrize("W", [None, randn(7, 20)])
def test_the_change_is_that_of_float32_and_is_stated(update, W):
    rounded = Rounded.of(update)
    for factor in rounded.update.factors.values():
        assert factor.dtype == torch.float64
        assert is_float32(factor)
    exact, change = update.dense(), rounded.update.dense() - update.dense()
    if W is not None:
        exact, change = W @ exact, W @ change
    measured = float(change.norm() / exact.norm())
    assert measured < 1e-7
    assert 0.999 * measured - 1e-12 < rounded.change(W) < 2 * measured + 1e-12


def test_columns_that_the_others_span_are_not_kept():
    up = randn(20, 3)
    update = LowRankUpdate(torch.cat([up, up], dim=1), randn(6, 30))
    assert Rounded.of(update).update.rank == 3
    assert Rounded.of(cancelling()).update.rank == 3  # what is left of the four lies in the rows of the three


def test_nothing_stays_nothing():
    for update in (LowRankUpdate(torch.zeros(4, 2).double(), torch.zeros(2, 4).double()), DenseUpdate(torch.zeros(4, 4))):
        rounded = Rounded.of(update)
        assert rounded.change() == 0
        assert not rounded.update.dense().any()


def test_a_change_where_nothing_should_change_is_infinite():
    update = LowRankUpdate(randn(4, 1), randn(1, 6))
    blind = torch.zeros(1, 4, dtype=torch.float64)
    assert Rounded.of(update).change(blind) == 0
    wrong = Rounded(DenseUpdate(torch.zeros(2, 2).double()), DenseUpdate(torch.ones(2, 2).double()))
    assert wrong.change() == float("inf")


def test_numbers_of_float32():
    assert not is_float32(torch.tensor([0.1], dtype=torch.float64))
    assert is_float32(in_float32(torch.tensor([0.1], dtype=torch.float64)))
    assert is_float32(torch.tensor([0.1]))
    assert not is_float32(torch.tensor([1e300], dtype=torch.float64))
