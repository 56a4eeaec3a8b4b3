"""Few columns to preserve, and many to choose from: the quick ways give what the plain ones give."""

import pytest
import torch

from erasepro.linalg import Cost, Statistics, hard, independent_columns, select, soft
from erasepro.linalg.cost import ThinCost
from erasepro.linalg.select import dropped_columns
from erasepro.runtime.meter import Meter

D = 40


def columns(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_few_columns_make_a_thin_cost_that_is_the_same():
    K, omega = columns(D, 9), torch.linspace(0.1, 2, 9, dtype=torch.float64)
    thin = Cost.from_statistics(Statistics(D).update(K, weights=omega), 0.3, 2.0, mean=True, relative=True)
    stats = Statistics(D).update(K, weights=omega)
    assert torch.allclose(stats.xx, (K * omega) @ K.T, atol=1e-12)  # asked for: now summed
    full = Cost.from_statistics(stats, 0.3, 2.0, mean=True, relative=True)
    assert isinstance(thin, ThinCost)
    assert not isinstance(full, ThinCost)
    assert torch.allclose(thin.dense(), full.dense(), atol=1e-12)
    X, R, delta = columns(D, 5, seed=1), columns(3, 5, seed=2), columns(3, D, seed=3)
    assert torch.allclose(thin.unwhiten_rows(thin.whiten(X)), full.unwhiten_rows(full.whiten(X)), atol=1e-10)
    assert thin.value(delta) == pytest.approx(full.value(delta))
    assert torch.allclose(thin.add_gram(X, 0.7).dense(), full.add_gram(X, 0.7).dense(), atol=1e-10)
    for solve in (hard, soft):
        assert torch.allclose(solve(X, R, thin).update.dense(), solve(X, R, full).update.dense(), atol=1e-9)


def test_dependent_and_repeated_columns_to_preserve():
    K = columns(D, 3)
    K = torch.cat([K, K, torch.zeros(D, 2, dtype=torch.float64)], dim=1)
    thin = Cost.from_statistics(Statistics(D).update(K), 1e-3)
    assert torch.allclose(thin.dense(), K @ K.T + 1e-3 * torch.eye(D, dtype=torch.float64), atol=1e-10)


def test_more_columns_are_summed():
    stats = Statistics(D)
    K = columns(D, 64)
    for part in K.split(3, dim=1):
        stats.update(part)
    assert stats.held_columns() is None
    assert torch.allclose(stats.xx, K @ K.T, atol=1e-11)
    assert stats.mean_square() == pytest.approx(float((K @ K.T).diagonal().mean()))


@pytest.mark.parametrize("tau", [1e-5, 1e-2, 0.5])
def test_many_columns_are_chosen_as_well_as_few(tau, monkeypatch):
    base = columns(120, 60)
    near = base[:, :30] + 1e-3 * columns(120, 30, seed=4) * torch.logspace(-6, 0, 30, dtype=torch.float64)
    Z = torch.cat([base, near, base[:, 30:] @ columns(30, 20, seed=5), torch.zeros(120, 1, dtype=torch.float64)], dim=1)
    quick = independent_columns(Z, tau)
    with monkeypatch.context() as patch:
        patch.setattr(select, "MANY", Z.shape[1])  # so that they count as few
        slow = independent_columns(Z, tau)
    assert len(slow.selected) == len(quick.selected)
    unit = Z / Z.norm(dim=0).clamp_min(1e-300)
    for basis in (slow, quick):
        r = len(basis.selected)
        assert torch.allclose(basis.Q.T @ basis.Q, torch.eye(r, dtype=torch.float64), atol=1e-12)
        assert torch.allclose(basis.Q @ basis.T, Z[:, basis.selected], atol=1e-11)
        away = (unit - basis.Q @ (basis.Q.T @ unit)).norm(dim=0)  # ties aside, which column stands for its near copy
        assert float(away.max()) <= tau + 1e-7
    assert quick.condition > 0


@pytest.mark.parametrize("tau", [1e-4, 1e-2, 0.3, 0.9])
def test_more_columns_than_a_gram_matrix_is_formed_of_are_chosen_alike(tau, monkeypatch):
    near = torch.logspace(-5, 0, 24, dtype=torch.float64).repeat_interleave(25) * columns(40, 600, seed=4)
    Z = (columns(40, 25) + 2 * columns(40, 1, seed=9)).repeat(1, 24) + near
    R = columns(5, Z.shape[1], seed=8)
    whole = independent_columns(Z, tau)
    missed = dropped_columns(Z, R, whole)
    monkeypatch.setattr(select, "WHOLE", 100)
    parts = independent_columns(Z, tau)
    assert parts.selected.tolist() == whole.selected.tolist()
    assert parts.pivot == pytest.approx(whole.pivot, rel=1e-6)
    scale = whole.T.norm()
    assert torch.allclose(parts.T.abs() / scale, whole.T.abs() / scale, atol=1e-10)
    for row, other in zip(dropped_columns(Z, R, parts), missed, strict=True):
        assert (row.column, row.nearest_column) == (other.column, other.nearest_column)
        assert row.distance == pytest.approx(other.distance, rel=1e-4, abs=1e-7)
        assert row.violation == pytest.approx(other.violation, rel=1e-6)


def test_memory_grows_with_the_columns_not_their_square():
    X, R = columns(16, 100_000), columns(4, 100_000, seed=1)  # a Gram matrix of so many takes 75 GiB, X 12 MiB
    with Meter() as meter:
        before = meter.record()["peak_mib"]
        solution = hard(X, R, tau=0.5, unselected_weight=1e-5)
    assert meter.record()["peak_mib"] - before < 400
    assert len(solution.dropped) + len(solution.selected) == 100_000


def test_many_columns_hold_exactly():
    X, R = columns(300, 150), columns(7, 150, seed=6)
    solution = hard(X, R, Cost.from_statistics(Statistics(300).update(columns(300, 40, seed=7)), 1e-3), tau=1e-5)
    assert len(solution.selected) == 150
    assert float((solution.update.dense() @ X - R).norm() / R.norm()) < 1e-10
