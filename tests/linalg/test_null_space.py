"""Solves inside the null space of what is preserved, against dense formulas."""

import pytest
import torch

from erasepro.linalg import (
    Cost,
    Statistics,
    hard,
    null_basis,
    null_space,
    orthogonal_complement_in,
    projected,
    smallest_directions,
)

D, OUT, N, M = 12, 7, 3, 5


@pytest.fixture
def problem():
    g = torch.Generator().manual_seed(3)
    X, R, K = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, N), (OUT, N), (D, M)))
    return X, R, K, null_basis(K @ K.T, 1e-9)


def test_basis_is_the_null_space_of_what_is_preserved(problem):
    _, _, K, U = problem
    assert U.shape == (D, D - M)
    assert torch.allclose(U.T @ U, torch.eye(D - M, dtype=torch.float64), atol=1e-12)
    P = torch.eye(D, dtype=torch.float64) - K @ torch.linalg.pinv(K)
    assert torch.allclose(U @ U.T, P, atol=1e-10)


def test_exact_on_both_sides_and_equal_to_the_formula(problem):
    X, R, K, U = problem
    P = U @ U.T
    delta = null_space(X, R, U).update.dense()
    assert torch.allclose(delta, R @ torch.linalg.pinv(X.T @ P @ X) @ X.T @ P, atol=1e-10)
    assert torch.allclose(delta @ X, R, atol=1e-10)
    assert float((delta @ K).abs().max()) < 1e-12


def test_residual_is_what_lies_in_the_preserved_span(problem):
    X, R, K, U = problem
    X = X.clone()
    X[:, 0] = K @ torch.ones(M, dtype=torch.float64)  # P x = 0
    P = U @ U.T
    delta = null_space(X, R, U, policy="least_squares").update.dense()
    want = -R @ (torch.eye(N, dtype=torch.float64) - torch.linalg.pinv(P @ X) @ P @ X)
    assert torch.allclose(delta @ X - R, want, atol=1e-9)


def test_is_the_limit_of_the_hard_solve(problem):
    X, R, K, U = problem
    near = hard(X, R, Cost.from_statistics(Statistics(D).update(K), 1e-8)).update.dense()
    assert torch.allclose(near, null_space(X, R, U).update.dense(), atol=1e-5)


def test_a_cost_inside_the_null_space(problem):
    X, R, _, U = problem
    A = torch.randn(D, D, dtype=torch.float64)
    C = Cost.from_gram(A @ A.T, 0.5)
    delta = null_space(X, R, U, C).update.dense()
    inner, Z = U.T @ C.dense() @ U, U.T @ X
    want = R @ torch.linalg.inv(Z.T @ torch.linalg.inv(inner) @ Z) @ Z.T @ torch.linalg.inv(inner) @ U.T
    assert torch.allclose(delta, want, atol=1e-9)


def test_projected_is_the_published_right_inverse(problem):
    X, R, _, U = problem
    P, eye = U @ U.T, torch.eye(D, dtype=torch.float64)
    want = R @ X.T @ P @ torch.linalg.inv(X @ X.T @ P + 0.5 * eye)
    assert torch.allclose(projected(X, R, U, mu=2.0).update.dense(), want, atol=1e-10)


def test_without_keeps_more_columns_exactly(problem):
    X, R, _, U = problem
    K2 = torch.randn(D, 2, dtype=torch.float64)
    delta = projected(X, R, orthogonal_complement_in(U, K2), mu=2.0).update.dense()
    assert float((delta @ K2).abs().max()) < 1e-12
    P, eye = U @ U.T, torch.eye(D, dtype=torch.float64)
    M_ = torch.linalg.inv(X @ X.T @ P + 0.5 * eye)  # SPEED's form at λ = 0
    inner = torch.linalg.inv(K2.T @ P @ M_ @ K2)
    want = R @ X.T @ P @ (eye - M_ @ K2 @ inner @ K2.T @ P) @ M_
    assert torch.allclose(delta, want, atol=1e-9)


def test_thresholds_and_refusals():
    S = torch.diag(torch.tensor([3.0, 0.5, 0.01, 0.0], dtype=torch.float64))
    assert null_basis(S, 0.1).shape == (4, 2)
    assert smallest_directions(S, 3).shape == (4, 3)
    unused = torch.diag(torch.tensor([3.0, 1e-17, 0.0, -1e-16], dtype=torch.float64))
    assert smallest_directions(unused, 1).shape == (4, 3), "whichever of them rounding puts first"
    assert smallest_directions(torch.eye(4), 2).shape == (4, 4)
    bound = torch.randn(5, 4, dtype=torch.float64) @ null_basis(S, 0.1) @ null_basis(S, 0.1).T
    assert float(torch.trace(bound @ S @ bound.T)) <= 0.1 * float(bound.pow(2).sum())
    with pytest.raises(ValueError, match="span all 4"):
        null_basis(torch.eye(4), 0.1)
    with pytest.raises(ValueError, match="1 to 4"):
        smallest_directions(S, 5)
