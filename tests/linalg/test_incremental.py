"""Adding and removing concepts at one site equals solving for what remains."""

import pytest
import torch

from erasepro.linalg import Cost, add_columns, hard, remove_columns, soft
from erasepro.linalg.update import LowRankUpdate

D, OUT = 14, 6


@pytest.fixture
def problem():
    g = torch.Generator().manual_seed(5)
    X, Y, W, A = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, 7), (D, 7), (OUT, D), (D, D)))
    return X, W @ (Y - X), Cost.from_gram(A @ A.T, 0.4)


def test_one_by_one_equals_all_at_once(problem):
    X, R, C = problem
    update = LowRankUpdate(torch.zeros(OUT, 0, dtype=torch.float64), torch.zeros(0, D, dtype=torch.float64))
    for j in range(X.shape[1]):
        update = add_columns(update, X[:, :j], X[:, j : j + 1], R[:, j : j + 1], C)
    assert torch.allclose(update.dense(), hard(X, R, C).update.dense(), atol=1e-9)


def test_an_edit_of_its_own_added_up_is_something_else(problem):
    X, R, C = problem
    apart = hard(X[:, :4], R[:, :4], C).update.dense() + hard(X[:, 4:], R[:, 4:], C).update.dense()
    assert not torch.allclose(apart, hard(X, R, C).update.dense(), atol=1e-3)


@pytest.mark.parametrize("mu", [None, 2.0], ids=["hard", "soft"])
def test_removing_equals_never_having_added(problem, mu):
    X, R, C = problem
    Z = C.whiten(X)
    G = Z.T @ Z + (0 if mu is None else torch.eye(7, dtype=torch.float64) / mu)
    removed = torch.tensor([False, True, False, False, True, False, True])
    U1, update = remove_columns(R @ torch.linalg.inv(G), X, C, removed, mu)
    stay = X[:, ~removed], R[:, ~removed]
    want = (hard(*stay, C) if mu is None else soft(*stay, C, mu)).update.dense()
    assert U1.shape == (OUT, 4)
    assert torch.allclose(update.dense(), want, atol=1e-9)
