"""Sums over columns: the batch's answer whatever the chunks, and errors of shape at once."""

import pytest
import torch

from erasepro.linalg import Statistics

D, OUT, N = 12, 5, 30


def columns(rows, n=N, seed=0):
    return torch.randn(rows, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("chunk", [1, 4, N])
@pytest.mark.parametrize("weighted", [False, True])
def test_chunks_of_any_size_give_the_same_sums(chunk, weighted):
    X, Y = columns(D), columns(OUT, seed=1)
    omega = torch.linspace(0, 3, N, dtype=torch.float64) if weighted else torch.ones(N, dtype=torch.float64)
    stats = Statistics(D, OUT)
    for i in range(0, N, chunk):
        part = slice(i, i + chunk)
        stats.update(X[:, part], Y[:, part], weights=omega[part] if weighted else None)
    assert torch.allclose(stats.xx, (X * omega) @ X.T, atol=1e-12)
    assert torch.allclose(stats.yx, (Y * omega) @ X.T, atol=1e-12)
    assert stats.yy == pytest.approx(float((Y.pow(2) * omega).sum()))
    assert stats.total == pytest.approx(float(omega.sum()))
    assert stats.count == N
    assert stats.mean_square() == pytest.approx(float(((X * omega) @ X.T).trace()) / D)


def test_sums_can_be_read_and_added_to_again():
    X = columns(D)
    stats = Statistics(D)
    for i in range(0, N, 10):
        stats.update(X[:, i : i + 10])
        assert torch.allclose(stats.xx, X[:, : i + 10] @ X[:, : i + 10].T, atol=1e-12)
        assert torch.equal(stats.xx, stats.xx.T)


def test_few_columns_are_kept_themselves_until_they_are_many_or_summed():
    stats = Statistics(D).update(columns(D, 4), weights=torch.full((4,), 4.0))
    assert torch.allclose(stats.held_columns(), 2 * columns(D, 4))
    assert stats.update(columns(D, 1)).held_columns() is None, "more than a third of the rows"
    read = Statistics(D).update(columns(D, 2))
    assert read.xx.shape == (D, D)
    assert read.held_columns() is None


def test_features_of_any_precision_are_summed_in_float64():
    X = columns(D).to(torch.float16)
    stats = Statistics(D).update(X)
    assert stats.xx.dtype == torch.float64
    assert torch.allclose(stats.xx, X.double() @ X.double().T, atol=1e-12)


def test_what_a_change_leaves_is_that_of_the_columns():
    X, Y, delta = columns(D), columns(OUT, seed=1), columns(OUT, D, seed=2)
    stats = Statistics(D, OUT).update(X, Y)
    assert stats.residual_norm(delta) == pytest.approx(float((delta @ X - Y).norm()))
    exact = Statistics(D, OUT).update(X, delta @ X)
    assert exact.residual_norm(delta) <= 1e-6 * float((delta @ X).norm())


def test_no_column_changes_nothing():
    stats = Statistics(D, OUT).update(columns(D, 0), columns(OUT, 0))
    assert float(stats.xx.abs().sum() + stats.yx.abs().sum()) == stats.yy == stats.total == stats.count == 0


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=rf"Features must be \({D}, m\); got \(3, 2\)"):
        Statistics(D).update(columns(3, 2))
    with pytest.raises(ValueError, match=rf"Features must be \({D}, m\)"):
        Statistics(D).update(torch.zeros(D))
    with pytest.raises(ValueError, match=rf"Partners must be \({OUT}, 2\); got \({OUT}, 3\)"):
        Statistics(D, OUT).update(columns(D, 2), columns(OUT, 3))
    for stats, partners in ((Statistics(D), columns(OUT, 2)), (Statistics(D, OUT), None)):
        with pytest.raises(ValueError, match="exactly where d_out was given"):
            stats.update(columns(D, 2), partners)
    with pytest.raises(ValueError, match="no partners Y"):
        Statistics(D).residual_norm(torch.zeros(OUT, D))
