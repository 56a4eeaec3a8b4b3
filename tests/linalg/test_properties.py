"""The algebra's identities, on drawn shapes, dtypes and numbers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from erasepro.linalg import (
    Cost,
    LowRankUpdate,
    Statistics,
    add_columns,
    compose_with_weight,
    hard,
    hard_input_map,
    least_squares_pooled,
    null_space,
    orthogonal_complement_in,
    remove_columns,
    soft,
    soft_pooled,
)

EXACT = {"tau": 1e-9}  # all columns of a drawn, well-conditioned problem are selected
quick = settings(max_examples=10, deadline=None, derandomize=True)


class Problem:
    """X (d_in, n), R = W_o (Y − X) (d_out, n) and C = λI + K Kᵀ; X's singular values lie in [0.5, 1.5]."""

    def __init__(self, seed: int, d_out: int, d_in: int, n: int, m: int, dtype: torch.dtype) -> None:
        g = torch.Generator().manual_seed(seed)
        draw = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)  # noqa: E731
        Q, T = torch.linalg.qr(draw(d_in, n)).Q, torch.linalg.qr(draw(n, n)).Q
        self.X = (Q * torch.linspace(0.5, 1.5, n, dtype=torch.float64) @ T).to(dtype)
        self.W, self.Y, self.K = draw(d_out, d_in).to(dtype), draw(d_in, n).to(dtype), draw(d_in, m).to(dtype)
        self.lam = 0.1 + float(torch.rand((), generator=g))
        self.seed, self.d_out, self.d_in, self.n, self.m = seed, d_out, d_in, n, m
        self.R = self.W.double() @ (self.Y.double() - self.X.double())
        self.C = self.lam * torch.eye(d_in, dtype=torch.float64) + self.K.double() @ self.K.double().T
        self.cost = Cost.from_gram(self.K.double() @ self.K.double().T, self.lam)

    def orthogonal_to_X(self) -> torch.Tensor:
        """T (d_out, d_in) with T X = 0."""
        g = torch.Generator().manual_seed(self.seed + 1)
        T = torch.randn(self.d_out, self.d_in, generator=g, dtype=torch.float64)
        return T - T @ self.X.double() @ torch.linalg.pinv(self.X.double())


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    d_in = draw(st.integers(4, 24))
    return Problem(
        draw(st.integers(0, 2**31)), draw(st.integers(1, 20)), d_in, draw(st.integers(1, d_in - 2)),
        draw(st.integers(0, 2 * d_in)), draw(st.sampled_from([torch.float64, torch.float32, torch.bfloat16])),
    )  # fmt: skip


def near(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-8) -> bool:
    return float((a - b).norm()) <= tolerance * (1 + float(b.norm()))


@quick
@given(problems())
def test_hard_holds_exactly_at_least_cost_and_low_rank(p):
    """Identities 2 and 4: ΔW X = R, ΔW C ⟂ every T with T X = 0, rank at most n."""
    solution = hard(p.X, p.R, p.cost, **EXACT)
    delta = solution.update.dense()
    assert delta.dtype == torch.float64
    assert near(delta @ p.X.double(), p.R)
    assert abs(float((delta @ p.C * p.orthogonal_to_X()).sum())) <= 1e-8 * (1 + float((delta @ p.C).norm()))
    assert sorted(solution.selected.tolist()) == list(range(p.n))
    assert int(torch.linalg.matrix_rank(delta)) <= p.n


@quick
@given(problems(), st.integers(0, 2**31))
def test_hard_is_invariant_under_order_duplicates_and_dependent_pairs(p, seed):
    """Identity 2, for feasible constraints."""
    g = torch.Generator().manual_seed(seed)
    want = hard(p.X, p.R, p.cost, **EXACT).update.dense()
    order = torch.randperm(p.n, generator=g)
    assert near(hard(p.X[:, order], p.R[:, order], p.cost, **EXACT).update.dense(), want)
    mix = torch.randn(p.n, 2, generator=g, dtype=torch.float64)
    X, R = p.X.double(), p.R
    more = torch.cat([X, X[:, :1], X @ mix], dim=1), torch.cat([R, R[:, :1], R @ mix], dim=1)
    assert near(hard(*more, p.cost, tau=1e-6).update.dense(), want, 1e-6)
    T = torch.linalg.qr(torch.randn(p.n, p.n, generator=g, dtype=torch.float64)).Q * 2.0
    assert near(hard(X @ T, R @ T, p.cost, **EXACT).update.dense(), want)


@quick
@given(problems())
def test_hard_is_idempotent_and_changes_nothing_where_nothing_is_asked(p):
    """Identity 2: from W towards the stored W_o Y the change is 0; ΔW = 0 where X = Y."""
    delta = hard(p.X, p.R, p.cost, **EXACT).update.dense()
    again = hard(p.X, p.R - delta @ p.X.double(), p.cost, **EXACT).update.dense()
    assert float(again.norm()) <= 1e-8 * (1 + float(delta.norm()))
    assert float(hard_input_map(p.X, p.X, p.cost, **EXACT).update.dense().norm()) == 0


@quick
@given(problems(), st.floats(1e-2, 1e2))
def test_soft_solves_its_normal_equations_and_leaves_its_residual(p, mu):
    """Identity 1: ΔW (XXᵀ + C/μ) = R Xᵀ, and what is left is −R (I + μG)⁻¹."""
    X = p.X.double()
    delta = soft(X, p.R, p.cost, mu).update.dense()
    assert near(delta @ (X @ X.T + p.C / mu), p.R @ X.T)
    G = X.T @ torch.linalg.solve(p.C, X)
    assert near(delta @ X - p.R, -torch.linalg.solve(torch.eye(p.n, dtype=G.dtype) + mu * G, p.R.T).T)


@quick
@given(problems())
def test_soft_becomes_hard_as_mu_grows(p):
    """Identity 1: the gap falls as 1/μ."""
    want = hard(p.X, p.R, p.cost, **EXACT).update.dense()
    gaps = [float((soft(p.X, p.R, p.cost, mu).update.dense() - want).norm()) for mu in (1e6, 1e7)]
    assert gaps[1] <= gaps[0] / 5 + 1e-6 * (1 + float(want.norm()))


@quick
@given(problems(), st.lists(st.integers(1, 4), min_size=2, max_size=2), st.floats(0.1, 10))
def test_a_weight_is_a_multiplicity(p, counts, mu):
    """Identity 8, for the penalised solve."""
    times = torch.tensor([counts[j % 2] for j in range(p.n)])
    repeated = soft(p.X.repeat_interleave(times, 1), p.R.repeat_interleave(times, 1), p.cost, mu).update.dense()
    assert near(soft(p.X, p.R, p.cost, mu, times.double()).update.dense(), repeated)


@quick
@given(problems(), st.integers(1, 5), st.floats(0.1, 10))
def test_chunked_sums_equal_the_batch(p, size, mu):
    """Identity 7."""
    sums = Statistics(p.d_in, p.d_out)
    for x, r in zip(p.X.split(size, 1), p.R.split(size, 1), strict=True):
        sums.update(x, r)
    assert near(sums.xx, p.X.double() @ p.X.double().T)
    assert near(soft_pooled(sums, p.cost, mu).dense(), soft(p.X, p.R, p.cost, mu).update.dense())
    assert near(least_squares_pooled(sums, p.cost, 1e-6).dense(), hard(p.X, p.R, p.cost, **EXACT).update.dense(), 1e-5)


@quick
@given(problems())
def test_a_map_of_the_input_serves_every_weight(p):
    """Section 1: with V = W_o Y, W = W_o (I + D) for one D."""
    D = hard_input_map(p.X, p.Y, p.cost, **EXACT).update
    assert near(compose_with_weight(D, p.W).dense(), hard(p.X, p.R, p.cost, **EXACT).update.dense())


@quick
@given(problems(), st.integers(1, 8))
def test_the_null_space_solve_leaves_what_is_preserved(p, rank):
    """Identity 3: ΔW K = 0, and ΔW X = R for columns outside span K."""
    rank = min(rank, (p.d_in - p.n) // 2)  # so that PX is far from dependent
    g = torch.Generator().manual_seed(p.seed + 2)
    K = torch.randn(p.d_in, rank, generator=g, dtype=torch.float64)
    U = orthogonal_complement_in(torch.eye(p.d_in, dtype=torch.float64), K)
    assert U.shape[1] == p.d_in - rank
    delta = null_space(p.X, p.R, U, tau=1e-9).update.dense()
    size = 1 + float(delta.norm())
    assert float((delta @ K).norm()) <= 1e-9 * size * float(K.norm())
    assert float((delta @ p.X.double() - p.R).norm()) <= 1e-9 * size**2


@quick
@given(problems(), st.data())
def test_columns_are_added_and_removed_as_if_solved_jointly(p, data):
    """Identity 5, at the same C and X."""
    if p.n < 2:
        return
    first = data.draw(st.integers(1, p.n - 1))
    X, R = p.X.double(), p.R
    joint = hard(X, R, p.cost, **EXACT)
    Z = torch.linalg.solve(p.C, X[:, :first])
    alone = LowRankUpdate(torch.linalg.solve(X[:, :first].T @ Z, R[:, :first].T).T, Z.T)
    assert near(
        add_columns(alone, X[:, :first], X[:, first:], R[:, first:], p.cost).dense(), joint.update.dense(), 1e-7
    )
    G = X.T @ torch.linalg.solve(p.C, X)
    removed = torch.arange(p.n) >= first
    U1, back = remove_columns(torch.linalg.solve(G, R.T).T, X, p.cost, removed)
    assert U1.shape == (p.d_out, first)
    assert near(back.dense(), alone.dense(), 1e-7)


@quick
@given(problems(), st.floats(0.1, 5.0))
def test_a_cost_whitens_and_counts(p, mu):
    """C = LLᵀ: ‖L⁻¹X‖² = tr(Xᵀ C⁻¹ X), the rows come back, and C + μXXᵀ is what it says; thin or not."""
    thin = Cost.from_statistics(Statistics(p.d_in).update(p.K), p.lam) if p.m else p.cost
    X, delta = p.X.double(), p.R @ p.X.double().T
    for cost in (p.cost, thin):
        Z = cost.whiten(X)
        assert near(Z.T @ Z, X.T @ torch.linalg.solve(p.C, X))
        assert near(cost.unwhiten_rows(Z), torch.linalg.solve(p.C, X).T)
        assert near(cost.add_gram(X, mu).dense(), p.C + mu * X @ X.T)
        assert cost.value(delta) == pytest.approx(float(torch.trace(delta @ p.C @ delta.T)), rel=1e-9)
