"""Solves from sums equal solves from columns."""

import pytest
import torch

from erasepro.linalg import Cost, Statistics, hard, least_squares_pooled, soft, soft_pooled

D, OUT = 9, 5


def problem(n):
    g = torch.Generator().manual_seed(n)
    X, R, A = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, n), (OUT, n), (D, D)))
    stats = Statistics(D, OUT)
    for x, r in zip(X.split(3, dim=1), R.split(3, dim=1), strict=True):
        stats.update(x, r)
    return X, R, Cost.from_gram(A @ A.T, 0.7), stats


@pytest.mark.parametrize("n", [4, 40], ids=["fewer", "more than dimensions"])
def test_sums_equal_columns(n):
    X, R, C, stats = problem(n)
    whole = Statistics(D, OUT).update(X, R)
    assert torch.allclose(stats.xx, whole.xx, atol=1e-12)
    assert torch.allclose(stats.yx, whole.yx, atol=1e-12)
    assert stats.count == n
    exact = hard(X, R, C, policy="least_squares").update.dense()
    pooled = least_squares_pooled(stats, C).dense()
    assert torch.allclose(pooled, exact, atol=1e-8)
    assert stats.residual_norm(pooled) == pytest.approx(float((pooled @ X - R).norm()), abs=1e-6)
    assert torch.allclose(soft_pooled(stats, C, 3.0).dense(), soft(X, R, C, 3.0).update.dense(), atol=1e-9)


def test_weights_are_multiplicities():
    X, R, C, _ = problem(14)
    omega = torch.ones(14)
    omega[2] = 3
    many = torch.cat([X, X[:, 2:3].expand(-1, 2)], 1), torch.cat([R, R[:, 2:3].expand(-1, 2)], 1)
    weighted, repeated = Statistics(D, OUT).update(X, R, weights=omega), Statistics(D, OUT).update(*many)
    assert torch.allclose(weighted.yx, repeated.yx, atol=1e-12)
    assert weighted.yy == pytest.approx(repeated.yy)
    assert torch.allclose(soft_pooled(weighted, C).dense(), soft(*many, C).update.dense(), atol=1e-9)


def test_refusals():
    X, R, _, stats = problem(4)
    with pytest.raises(ValueError, match="no wanted changes"):
        soft_pooled(Statistics(D).update(X))
    with pytest.raises(ValueError, match="positive"):
        soft_pooled(stats, mu=0)
    with pytest.raises(ValueError, match="Partners"):
        Statistics(D).update(X, R)
    with pytest.raises(ValueError, match="NaN"):
        least_squares_pooled(Statistics(D, OUT).update(X * float("nan"), R))
