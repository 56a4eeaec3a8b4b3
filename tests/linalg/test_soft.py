"""The penalised solve is the stated argmin, never quite zero, and tends to the hard one."""

import pytest
import torch

from erasepro.linalg import Cost, DenseUpdate, Statistics, compose_with_weight, hard, soft, soft_input_map

D, OUT, N = 10, 6, 4


@pytest.fixture
def problem():
    g = torch.Generator().manual_seed(1)
    X, R, K = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, N), (OUT, N), (D, 5)))
    return X, R, Cost.from_statistics(Statistics(D).update(K), 0.5)


def test_both_forms_and_the_residual(problem):
    X, R, C = problem
    dense_C, mu = C.L @ C.L.T, 3.0
    delta = soft(X, R, C, mu).update.dense()
    assert torch.allclose(delta, R @ X.T @ torch.linalg.inv(X @ X.T + dense_C / mu), atol=1e-11)
    G = X.T @ torch.linalg.solve(dense_C, X)
    left = -R @ torch.linalg.inv(torch.eye(N, dtype=torch.float64) + mu * G)
    assert torch.allclose(delta @ X - R, left, atol=1e-11)
    assert float(left.norm()) > 0.01


def test_stationary_point(problem):
    X, R, C = problem
    delta = soft(X, R, C, 2.0).update.dense()
    gradient = (delta @ X - R) @ X.T + delta @ (C.L @ C.L.T) / 2.0
    assert float(gradient.abs().max()) < 1e-11


def test_steps_shrink_the_residual_geometrically(problem):
    X, R, C = problem
    G = X.T @ torch.linalg.solve(C.L @ C.L.T, X)
    factor = torch.linalg.inv(torch.eye(N, dtype=torch.float64) + G)
    left = R
    for _ in range(3):
        left = left - soft(X, left, C, 1.0).update.dense() @ X
    assert torch.allclose(left, R @ torch.linalg.matrix_power(factor, 3), atol=1e-11)


def test_limit_is_the_hard_solve_at_rate_one_over_mu(problem):
    X, R, C = problem
    want = hard(X, R, C).update.dense()
    gaps = [float((soft(X, R, C, mu).update.dense() - want).norm()) for mu in (1e4, 1e5)]
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.01)


def test_duplicates_are_weights(problem):
    X, R, C = problem
    many_X, many_R = torch.cat([X, X[:, :1], X[:, :1]], 1), torch.cat([R, R[:, :1] + 1, R[:, :1] + 2], 1)
    merged = R.clone()
    merged[:, 0] += 1  # the mean of +0, +1, +2
    omega = torch.tensor([3.0, 1, 1, 1])
    want = soft(many_X, many_R, C).update.dense()
    assert torch.allclose(soft(X, merged, C, weights=omega).update.dense(), want, atol=1e-11)


def test_more_columns_than_dimensions(problem):
    _, _, C = problem
    X, Y, W = (torch.randn(*s, dtype=torch.float64) for s in ((D, 25), (D, 25), (OUT, D)))
    update = compose_with_weight(soft_input_map(X, Y, C, 2.0).update, W)
    alone = W @ (Y - X) @ X.T @ torch.linalg.inv(X @ X.T + C.L @ C.L.T / 2)
    assert torch.allclose(update.dense(), alone, atol=1e-10)
    assert isinstance(update, DenseUpdate)


def test_softness_must_be_positive(problem):
    with pytest.raises(ValueError, match="mu must be positive"):
        soft(*problem, mu=0)
