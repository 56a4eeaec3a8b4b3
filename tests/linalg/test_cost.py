"""The statistics fitter and the factor of C."""

import pytest
import torch

from erasepro.linalg import Cost, LowRankUpdate, Statistics


def test_chunks_equal_the_batch_and_weights_are_multiplicities():
    K = torch.randn(6, 30, dtype=torch.float64)
    parts = Statistics(6)
    for chunk in K.split(7, dim=1):
        parts.update(chunk)
    assert torch.allclose(parts.xx, K @ K.T, atol=1e-12)
    assert parts.total == 30
    omega = torch.ones(30)
    omega[3] = 4
    repeated = torch.cat([K, K[:, 3:4].expand(-1, 3)], 1)
    weighted = Statistics(6).update(K, weights=omega)
    assert torch.allclose(weighted.xx, Statistics(6).update(repeated).xx, atol=1e-12)
    assert weighted.total == 33


def test_factor_whitens_and_pulls():
    K = torch.randn(6, 9, dtype=torch.float64)
    C = Cost.from_statistics(Statistics(6).update(K), 0.5, scale=2.0)
    dense = 0.5 * torch.eye(6, dtype=torch.float64) + 2 * K @ K.T
    assert torch.allclose(C.L @ C.L.T, dense, atol=1e-12)
    X = torch.randn(6, 3, dtype=torch.float64)
    assert torch.allclose(C.unwhiten_rows(C.whiten(X)), torch.linalg.solve(dense, X).T, atol=1e-11)
    delta = torch.randn(4, 6, dtype=torch.float64)
    assert C.value(delta) == pytest.approx(float(torch.trace(delta @ dense @ delta.T)))


def test_relative_ridge_does_not_depend_on_the_scale_of_features():
    K = torch.randn(6, 9, dtype=torch.float64)
    one = Cost.from_statistics(Statistics(6).update(K), 0.1, mean=True, relative=True).L
    ten = Cost.from_statistics(Statistics(6).update(torch.cat([K, K], 1) * 10), 0.1, mean=True, relative=True).L
    assert torch.allclose(ten, 10 * one, atol=1e-10)


def test_refusals():
    with pytest.raises(ValueError, match="ridge"):
        Cost.ridge(3, 0.0)
    with pytest.raises(ValueError, match="must be"):
        Statistics(3).update(torch.ones(4, 1))
    with pytest.raises(ValueError, match="up"):
        LowRankUpdate(torch.ones(3, 2), torch.ones(3, 4))


def test_thin_drops_idle_columns_and_folds_wide_factors():
    up, down = torch.randn(4, 9, dtype=torch.float64), torch.randn(9, 5, dtype=torch.float64)
    up[:, 3] = 0
    update = LowRankUpdate(up, down)
    assert update.thin().rank == 4
    assert torch.allclose(update.thin().dense(), update.dense(), atol=1e-12)
    W = torch.randn(4, 5)
    assert update.apply_to(W).dtype == torch.float32
    assert torch.allclose(update.apply_to(W, 0.5), (W + 0.5 * up @ down).float(), atol=1e-6)
