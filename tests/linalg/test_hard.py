"""The zero-residual solve is optimal, exact, and invariant where it must be."""

import importlib

import pytest
import torch

from erasepro.linalg import ContradictionError, Cost, Statistics, compose_with_weight, hard, hard_input_map

D, OUT, N, M = 12, 7, 4, 6


@pytest.fixture
def problem():
    g = torch.Generator().manual_seed(0)
    X, Y, K, W = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, N), (D, N), (D, M), (OUT, D)))
    return X, W @ (Y - X), Cost.from_statistics(Statistics(D).update(K), 0.3), W, Y, K


def test_residual_is_zero_and_rank_is_the_columns(problem):
    X, R, C, *_ = problem
    solution = hard(X, R, C)
    assert torch.allclose(solution.update.dense() @ X, R, atol=1e-11)
    assert solution.update.rank == N == len(solution.selected)
    assert solution.dropped == ()


def test_agrees_with_the_formula_and_the_papers_form(problem):
    X, R, C, W, Y, _ = problem
    dense_C = C.L @ C.L.T
    G = X.T @ torch.linalg.inv(dense_C) @ X
    expected = R @ torch.linalg.pinv(G) @ X.T @ torch.linalg.inv(dense_C)
    assert torch.allclose(hard(X, R, C).update.dense(), expected, atol=1e-10)
    for lam in (1e-3, 1.0, 50.0):  # without K it is W_o (Y − X) X⁺ for any ridge
        plain = hard(X, R, Cost.ridge(D, lam)).update.dense()
        assert torch.allclose(plain, W @ (Y - X) @ torch.linalg.pinv(X), atol=1e-10)


def test_cheapest_among_feasible_changes(problem):
    X, R, C, *_ = problem
    delta = hard(X, R, C).update.dense()
    T = torch.randn(OUT, D, dtype=torch.float64) @ (torch.eye(D, dtype=torch.float64) - X @ torch.linalg.pinv(X))
    assert torch.allclose(T @ X, torch.zeros(OUT, N, dtype=torch.float64), atol=1e-11)
    assert abs(float((delta @ C.L @ C.L.T * T).sum())) < 1e-9  # ΔW C ⟂ T
    assert C.value(delta) < C.value(delta + 0.01 * T)


def test_no_change_when_target_is_anchor(problem):
    X, *_ = problem
    assert float(hard_input_map(X, X).update.dense().abs().max()) == 0


def test_invariant_under_permuting_duplicating_and_mixing_pairs(problem):
    X, R, C, *_ = problem
    want = hard(X, R, C).update.dense()
    order = torch.tensor([2, 0, 3, 1])
    T = torch.randn(N, N, dtype=torch.float64) + 3 * torch.eye(N, dtype=torch.float64)
    extra = torch.randn(N, 2, dtype=torch.float64)
    for X2, R2 in (
        (X[:, order], R[:, order]),
        (torch.cat([X, X[:, :2]], 1), torch.cat([R, R[:, :2]], 1)),
        (torch.cat([X, X @ extra], 1), torch.cat([R, R @ extra], 1)),
        (X @ T, R @ T),
    ):
        assert torch.allclose(hard(X2, R2, C).update.dense(), want, atol=1e-9)
        assert torch.allclose(hard(X2, R2, C, policy="least_squares").update.dense(), want, atol=1e-9)


def test_idempotent_with_the_target_kept(problem):
    X, R, C, W, Y, _ = problem
    W1 = W + hard(X, R, C).update.dense()
    again = hard(X, W @ Y - W1 @ X, C).update.dense()
    assert float(again.abs().max()) < 1e-10


def test_weights_do_not_matter_when_feasible(problem):
    X, R, C, *_ = problem
    omega = torch.tensor([1.0, 9.0, 0.1, 2.0])
    for policy in ("independent", "exact", "least_squares"):
        weighted = hard(X, R, C, policy=policy, weights=omega).update.dense()
        assert torch.allclose(weighted, hard(X, R, C).update.dense(), atol=1e-9)


def test_one_factorisation_serves_every_matrix(problem):
    X, _, C, W, Y, _ = problem
    D_shared = hard_input_map(X, Y, C).update
    for matrix in (W, torch.randn(5, D, dtype=torch.float64)):
        alone = hard(X, matrix @ (Y - X), C).update.dense()
        update = compose_with_weight(D_shared, matrix)
        assert torch.allclose(update.dense(), alone, atol=1e-10)
        assert update.down is D_shared.down
        assert torch.allclose((matrix + update.dense()) @ X, matrix @ Y, atol=1e-10)


def test_ridge_to_zero_is_the_null_space_solution(problem):
    X, R, *_ = problem
    K = torch.randn(D, M, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    P = torch.eye(D, dtype=torch.float64) - K @ torch.linalg.pinv(K)
    limit = R @ torch.linalg.pinv(X.T @ P @ X) @ X.T @ P
    near = hard(X, R, Cost.from_statistics(Statistics(D).update(K), 1e-8)).update.dense()
    assert torch.allclose(near, limit, atol=1e-5)
    assert float((limit @ K).abs().max()) < 1e-10


def test_exact_names_the_contradiction_and_independent_reports_it(problem):
    X, R, C, *_ = problem
    X2, R2 = torch.cat([X, X[:, 1:2]], 1), torch.cat([R, R[:, 1:2] + 1], 1)
    names = ["a", "b", "c", "d", "b again"]
    with pytest.raises(ContradictionError, match=r"b.*b") as info:
        hard(X2, R2, C, policy="exact", labels=names)
    assert {info.value.column, info.value.nearest_column} == {1, 4}
    solution = hard(X2, R2, C)
    assert len(solution.dropped) == 1
    dropped = solution.dropped[0]
    miss = solution.update.dense() @ X2[:, dropped.column] - R2[:, dropped.column]
    assert dropped.violation == pytest.approx(float(miss.norm() / (R2.norm() / 5**0.5)), rel=1e-9)
    mean = hard(X2, R2, C, policy="least_squares").update.dense()  # equal columns get the mean
    assert torch.allclose(mean @ X[:, 1], (R[:, 1] + R[:, 1] + 1) / 2, atol=1e-10)
    heavy = hard(X2, R2, C, policy="least_squares", weights=torch.tensor([1.0, 3, 1, 1, 1])).update.dense()
    assert torch.allclose(heavy @ X[:, 1], (3 * R[:, 1] + R[:, 1] + 1) / 4, atol=1e-10)


def test_more_columns_than_dimensions_is_least_squares():
    X, R = torch.randn(5, 9, dtype=torch.float64), torch.randn(8, 9, dtype=torch.float64)
    got = hard(X, R, policy="least_squares", tau=1e-12)
    assert torch.allclose(got.update.dense(), R @ torch.linalg.pinv(X), atol=1e-10)
    assert len(hard(X, R).selected) == 5


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="n ≥ 1"):
        hard(torch.zeros(3, 2), torch.zeros(3, 1))
    with pytest.raises(ValueError, match="NaN"):
        hard(torch.full((3, 1), torch.nan), torch.zeros(2, 1))


def test_columns_left_out_are_fitted_beside_the_exact_ones(problem):
    X, R, C, *_ = problem
    g = torch.Generator().manual_seed(5)
    near = X + 0.2 * torch.randn(D, N, generator=g, dtype=torch.float64)
    X, R = torch.cat([X, near], 1), torch.cat([R, torch.randn(OUT, N, generator=g, dtype=torch.float64)], 1)
    alone = hard(X, R, C, tau=0.5)
    S = alone.selected
    assert 0 < len(S) < 2 * N
    before = (alone.update.dense() @ X - R).norm()
    for mu in (1e-2, 1.0, 1e2):
        solution = hard(X, R, C, tau=0.5, unselected_weight=mu)
        delta = solution.update.dense()
        assert torch.equal(solution.selected, S)
        assert torch.allclose(delta @ X[:, S], R[:, S], atol=1e-9)
        assert (delta @ X - R).norm() < before
        # optimal: the gradient of cost + μ·misfit vanishes in every direction that leaves the kept columns alone
        gradient = delta @ C.L @ C.L.T + mu * (delta @ X - R) @ X.T
        free = torch.eye(D, dtype=torch.float64) - X[:, S] @ torch.linalg.pinv(X[:, S])
        assert float((gradient @ free).norm()) < 1e-9 * max(1.0, float(gradient.norm()))


@pytest.mark.parametrize("n", [10, 40])
def test_only_candidates_are_held_and_the_others_count(problem, n):
    _, _, C, *_ = problem
    g = torch.Generator().manual_seed(3)
    X, R = (torch.randn(rows, n, generator=g, dtype=torch.float64) for rows in (D, OUT))
    may = torch.tensor([1, 4, 7, 8])
    X[:, 8] = X[:, 7]  # and asks for something else
    solution = hard(X, R, C, tau=1e-3, candidates=may, unselected_weight=0.3)
    delta, S = solution.update.dense(), solution.selected
    assert set(S.tolist()) in ({1, 4, 7}, {1, 4, 8})
    (left,) = solution.dropped
    assert {left.column, left.nearest_column} == {7, 8}
    assert torch.allclose(delta @ X[:, S], R[:, S], atol=1e-9)
    gradient = delta @ C.L @ C.L.T + 0.3 * (delta @ X - R) @ X.T
    free = torch.eye(D, dtype=torch.float64) - X[:, S] @ torch.linalg.pinv(X[:, S])
    assert float((gradient @ free).norm()) < 1e-9 * max(1.0, float(gradient.norm()))


def test_candidates_alone_and_all_of_them(problem):
    X, R, C, *_ = problem
    few = torch.tensor([0, 3])
    left_to_chance = hard(X, R, C, candidates=few).update.dense()
    assert torch.allclose(left_to_chance, hard(X[:, few], R[:, few], C).update.dense(), atol=1e-11)
    every = hard(X, R, C, candidates=torch.arange(X.shape[1]), unselected_weight=0.3).update.dense()
    assert torch.allclose(every, hard(X, R, C).update.dense(), atol=1e-11)


def test_a_contradiction_among_candidates_is_refused(problem):
    X, R, C, *_ = problem
    twice, wishes = torch.cat([X, X[:, :1]], 1), torch.cat([R, R[:, 1:2]], 1)
    with pytest.raises(ContradictionError, match=r"column 4|column 0") as hit:
        hard(twice, wishes, C, policy="exact", candidates=torch.tensor([0, 1, 4]))
    assert {hit.value.column, hit.value.nearest_column} == {0, 4}
    hard(twice, wishes, C, policy="exact", candidates=torch.tensor([0, 1, 2]))


def test_more_columns_than_factors_are_stored_of_give_the_same_change(monkeypatch):
    g = torch.Generator().manual_seed(2)
    X, R, K = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, 300), (OUT, 300), (D, M)))
    C = Cost.from_statistics(Statistics(D).update(K), 0.3)
    want = hard(X, R, C, tau=0.9, unselected_weight=0.2).update.dense()
    monkeypatch.setattr(importlib.import_module("erasepro.linalg.hard"), "WHOLE", 299)
    solution = hard(X, R, C, tau=0.9, unselected_weight=0.2)
    assert torch.allclose(solution.update.dense(), want, atol=1e-11)
    S = solution.selected
    assert torch.allclose(solution.update.dense() @ X[:, S], R[:, S], atol=1e-10)


def test_rest_changes_nothing_where_every_column_is_kept(problem):
    X, R, C, *_ = problem
    assert torch.equal(hard(X, R, C, unselected_weight=3.0).update.dense(), hard(X, R, C).update.dense())
    with pytest.raises(ValueError, match="0 or more"):
        hard(X, R, C, unselected_weight=-1.0)


def test_equal_columns_with_different_wishes_get_the_weighted_mean(problem):
    X, R, C, *_ = problem
    twice = torch.cat([X, X[:, :1]], 1)
    wishes = torch.cat([R, R[:, 1:2]], 1)  # column 0 is asked for r_0 and for r_1
    for omega, mean in ((None, 0.5 * (R[:, 0] + R[:, 1])), ([3.0, 1, 1, 1, 1], 0.75 * R[:, 0] + 0.25 * R[:, 1])):
        weights = None if omega is None else torch.tensor(omega)
        delta = hard(twice, wishes, C, policy="least_squares", weights=weights).update.dense()
        assert torch.allclose(delta @ X[:, 0], mean, atol=1e-9)
        assert torch.allclose(delta @ X[:, 1:], R[:, 1:], atol=1e-9)


def test_infeasible_residual_is_what_the_dependence_leaves(problem):
    _, _, C, W, _, _ = problem
    g = torch.Generator().manual_seed(8)
    X = torch.randn(D, 20, generator=g, dtype=torch.float64)  # more columns than dimensions
    R = W @ torch.randn(D, 20, generator=g, dtype=torch.float64)
    solution = hard(X, R, C, policy="least_squares")
    left = solution.update.dense() @ X - R
    assert torch.allclose(left, -R @ (torch.eye(20, dtype=torch.float64) - torch.linalg.pinv(X) @ X), atol=1e-9)
    assert not solution.exact


@pytest.mark.parametrize("mu", [1e-3, 1.0, 30.0])
def test_columns_left_out_cost_the_same_in_either_size(mu, monkeypatch):
    """In n × n (few columns) and in d × d the same change, and the selected columns hold."""
    g = torch.Generator().manual_seed(0)
    d, n = 48, 30
    K = torch.randn(d, 300, generator=g, dtype=torch.float64)
    cost = Cost.from_statistics(Statistics(d).update(K), 1e-2, mean=True, relative=True)
    near = torch.randn(d, 6, generator=g, dtype=torch.float64)[:, torch.arange(n) % 6]
    X = near + 0.3 * torch.randn(d, n, generator=g, dtype=torch.float64)
    R = torch.randn(OUT, n, generator=g, dtype=torch.float64)
    options = {"tau": 0.8, "unselected_weight": mu}
    few = hard(X, R, cost, **options)
    assert 0 < len(few.selected) < n
    monkeypatch.setattr("erasepro.linalg.select.WELL_CONDITIONED", 2.0)  # no basis is: d × d
    whole = hard(X, R, cost, **options)
    assert torch.equal(few.selected, whole.selected)
    torch.testing.assert_close(few.update.dense(), whole.update.dense(), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(few.update.dense() @ X[:, few.selected], R[:, few.selected], rtol=1e-10, atol=1e-10)


def misfit(delta, X, R, C, mu):
    """What the fit of the columns left out minimises."""
    return C.value(delta) + mu * float((delta @ X - R).pow(2).sum())


@pytest.mark.parametrize("size", ["few", "many", "more than factors are stored of"])
def test_of_the_changes_of_few_directions_that_hold_the_candidates_it_is_the_best(size, monkeypatch):
    g = torch.Generator().manual_seed(4)
    n, mu, rank = 10 if size == "few" else 60, 0.3, 4
    X, R, K = (torch.randn(*s, generator=g, dtype=torch.float64) for s in ((D, n), (OUT, n), (D, M)))
    C = Cost.from_statistics(Statistics(D).update(K), 0.3)
    if size.startswith("more"):
        monkeypatch.setattr(importlib.import_module("erasepro.linalg.hard"), "WHOLE", 20)
    may = torch.tensor([1, 4])
    options = {"candidates": may, "unselected_weight": mu}
    whole = hard(X, R, C, **options).update.dense()
    solution = hard(X, R, C, max_rank=rank, **options)
    delta, S = solution.update.dense(), solution.selected
    assert solution.update.rank == rank == int(torch.linalg.matrix_rank(delta)) < int(torch.linalg.matrix_rank(whole))
    assert sorted(S.tolist()) == [1, 4]
    assert torch.allclose(delta @ X[:, S], R[:, S], atol=1e-12)
    least, best = misfit(whole, X, R, C, mu), misfit(delta, X, R, C, mu)
    assert best > least
    # the bound of Eckart and Young, where what is held takes two of the directions
    L = torch.linalg.cholesky(C.dense() + mu * X @ X.T)
    U = torch.linalg.qr(R[:, S]).Q
    remains = torch.linalg.svdvals((torch.eye(OUT, dtype=torch.float64) - U @ U.T) @ whole @ L)
    assert best - least == pytest.approx(float(remains[rank - 2 :].pow(2).sum()), rel=1e-9)
    # any other four directions that hold the same columns do worse
    for _ in range(50):
        other = torch.linalg.qr(torch.cat([R[:, S], torch.randn(OUT, rank - 2, generator=g, dtype=torch.float64)], 1)).Q
        assert misfit(other @ other.T @ whole, X, R, C, mu) > best


def test_directions_that_the_held_columns_need_are_never_left_out(problem):
    _, _, C, *_ = problem
    g = torch.Generator().manual_seed(6)
    X, R = (torch.randn(rows, 10, generator=g, dtype=torch.float64) for rows in (D, OUT))
    options = {"candidates": torch.arange(4), "unselected_weight": 0.3}
    solution = hard(X, R, C, max_rank=1, **options)
    assert solution.update.rank == 4
    assert torch.allclose(solution.update.dense() @ X[:, :4], R[:, :4], atol=1e-11)
    for rank in (OUT, 100):
        assert torch.equal(hard(X, R, C, max_rank=rank, **options).update.dense(), hard(X, R, C, **options).update.dense())


def test_a_limit_of_directions_changes_nothing_where_every_column_is_held(problem):
    X, R, C, *_ = problem
    assert torch.equal(hard(X, R, C, max_rank=1, unselected_weight=1.0).update.dense(), hard(X, R, C).update.dense())


@pytest.mark.parametrize("options", [{}, {"tau": 0.5, "unselected_weight": 1.0, "max_rank": 3}, {"policy": "least_squares"}])
def test_a_cost_in_float32_is_solved_in_float32(problem, options):
    X, R, C, *_ = problem
    whole = hard(X, R, C, **options).update.dense()
    single = hard(X, R, C.in_precision(torch.float32), **options).update.dense()
    assert single.dtype == torch.float32
    assert 0 < float((single - whole).norm() / whole.norm()) < 1e-4
    thin = Cost.from_statistics(Statistics(D).update(X[:, :2]), 0.3)
    assert hard(X, R, thin.in_precision(torch.float32)).update.dense().dtype == torch.float32


def test_what_float32_cannot_factor_is_refused():
    g = torch.Generator().manual_seed(0)
    S = torch.randn(D, D - 2, generator=g, dtype=torch.float64)
    cost = Cost.from_gram(S @ S.T, 1e-9)
    with pytest.raises(ValueError, match="singular in float32: raise the ridge, or solve in float64"):
        cost.in_precision(torch.float32)
