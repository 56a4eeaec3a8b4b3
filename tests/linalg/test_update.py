"""Both kinds of update change a weight the same way and are stored by their factors."""

import pytest
import torch

from erasepro.linalg import DenseUpdate, LowRankUpdate, compose_with_weight, update_of


def test_dense_and_low_rank_agree():
    up, down = torch.randn(5, 2, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    thin, dense = LowRankUpdate(up, down), DenseUpdate(up @ down)
    W = torch.randn(5, 4)
    assert torch.equal(thin.apply_to(W, 0.3), dense.apply_to(W, 0.3))
    assert thin.shape == dense.shape == (5, 4)
    V = torch.randn(3, 5, dtype=torch.float64)
    assert torch.allclose(compose_with_weight(dense, V).dense(), compose_with_weight(thin, V).dense())
    for update in (thin, dense):
        again = update_of(update.factors)
        assert type(again) is type(update)
        assert torch.equal(again.dense(), update.dense())


def test_refusals():
    with pytest.raises(ValueError, match="dense update"):
        DenseUpdate(torch.tensor(3.0))
    with pytest.raises(ValueError, match="up and down, or delta"):
        update_of({"up": torch.ones(2, 2)})
