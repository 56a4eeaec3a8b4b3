"""Constraints held as columns and as sums give the same change and the same residuals."""

from dataclasses import replace

import pytest
import torch

from erasepro.linalg import Statistics, hard
from erasepro.solvers.engine.constraints import (
    ColumnConstraints,
    SummedConstraints,
    collect_constraints,
    round_weight,
    solve_input_map,
)
from erasepro.solvers.engine.fit import Fit, FitConfig, PreserveConfig

D_OUT, D_IN, N = 5, 12, 40
SOFT = FitConfig(residual="soft", mu=2.0)


def matrix(rows, columns, seed):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def fit_of(config, n):
    return Fit(config, torch.ones(n, dtype=torch.float64), [f"column {i}" for i in range(n)])


def retained():
    return Statistics(D_IN).update(matrix(D_IN, 30, 9))


def test_sums_are_kept_where_they_suffice_and_columns_elsewhere():
    W_o = matrix(D_OUT, D_IN, 0)
    assert isinstance(collect_constraints(fit_of(SOFT, N), W_o), SummedConstraints)
    assert isinstance(collect_constraints(fit_of(SOFT, D_IN), W_o), ColumnConstraints)
    assert isinstance(collect_constraints(fit_of(FitConfig(rank="exact"), N), W_o), ColumnConstraints)


@pytest.mark.parametrize("config", [SOFT, FitConfig(rank="least_squares")], ids=["soft", "least_squares"])
def test_groups_of_columns_in_sums_equal_all_columns_at_once(config):
    W_o, X, R = matrix(D_OUT, D_IN, 0), matrix(D_IN, N, 1), matrix(D_OUT, N, 2)
    fit, held, summed = fit_of(config, N), ColumnConstraints(W_o), SummedConstraints(W_o)
    held.add(X, R)
    for start in (0, 7, 30):
        stop = {0: 7, 7: 30, 30: N}[start]
        summed.add(X[:, start:stop], R[:, start:stop])
    one, other = held.solve(fit, retained()), summed.solve(fit, retained())
    assert torch.allclose(one.update.dense(), other.update.dense(), rtol=1e-9, atol=1e-12)
    W = W_o + one.update.dense()
    every = torch.arange(N)
    assert summed.residuals(W, every) == pytest.approx(held.residuals(W, every), rel=1e-9)


def test_residuals_are_those_of_the_definition():
    W_o, X, R = matrix(D_OUT, D_IN, 0), matrix(D_IN, 6, 1), matrix(D_OUT, 6, 2)
    constraints = ColumnConstraints(W_o)
    constraints.add(X, R)
    W, V, selected = W_o + matrix(D_OUT, D_IN, 3), W_o @ X + R, torch.tensor([1, 4])
    found = constraints.residuals(W, selected)
    assert found["residual_before"] == pytest.approx(float(R.norm() / V.norm()))
    assert found["residual_after_all"] == pytest.approx(float((W @ X - V).norm() / V.norm()))
    part = V[:, selected]
    assert found["residual_after_selected"] == pytest.approx(float((W @ X[:, selected] - part).norm() / part.norm()))


def test_an_input_map_serves_every_weight_that_reads_it():
    X, Y = matrix(D_IN, 6, 1), matrix(D_IN, 6, 2)
    D = solve_input_map(fit_of(FitConfig(rank="exact"), 6), X, Y, retained()).update.dense()
    for seed in (3, 4):
        W_o = matrix(D_OUT, D_IN, seed)
        assert torch.allclose(W_o @ (X + D @ X), W_o @ Y, rtol=1e-8, atol=1e-8)
    C = 0.003 * torch.eye(D_IN, dtype=torch.float64)
    ridge = FitConfig(residual="soft", mu=2.0, preserve=PreserveConfig(kind="ridge", ridge=0.003))
    X, Y = matrix(D_IN, N, 1), matrix(D_IN, N, 2)
    dense = 2.0 * (Y - X) @ X.T @ torch.linalg.inv(C + 2.0 * X @ X.T)
    found = solve_input_map(fit_of(ridge, N), X, Y, None).update.dense()
    assert torch.allclose(found, dense, rtol=1e-8, atol=1e-10)


def test_a_rounded_weight_is_kept_in_the_precision_of_the_pass():
    W = matrix(D_OUT, D_IN, 0)
    half = round_weight(W, torch.float16)
    assert half.dtype == torch.float64
    assert torch.equal(half, W.half().double())
    assert not torch.equal(half, W)


@pytest.mark.parametrize("concepts", [1, 4])
def test_the_weight_of_what_is_not_held_grows_with_the_root_of_the_concepts(concepts):
    X, R, n = matrix(D_IN, 8, 1), matrix(D_OUT, 8, 2), 8
    weights = torch.full((n,), concepts / n, dtype=torch.float64)
    held = torch.tensor([0, 4])
    config = FitConfig(unselected_weight=0.3, independence_threshold=1e-3, preserve=PreserveConfig(kind="none"))
    solution = Fit(config, weights, [""] * n, held).solve(X, R, None)
    want = hard(X, R, tau=1e-3, candidates=held, unselected_weight=0.3 * concepts**0.5 / n)
    assert torch.allclose(solution.update.dense(), want.update.dense(), atol=1e-12)
    every = Fit(replace(config, hold="columns"), weights, [""] * n, held).solve(X, R, None)
    assert len(every.selected) == n
