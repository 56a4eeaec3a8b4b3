"""The choice of columns: distances are true, the tolerance is kept."""

import pytest
import torch

from erasepro.linalg import hard, independent_columns
from erasepro.linalg.select import dropped_columns


def test_basis_reproduces_the_kept_columns():
    Z = torch.randn(20, 8, dtype=torch.float64) * torch.logspace(-6, 6, 8, dtype=torch.float64)
    basis = independent_columns(Z, 1e-8)
    assert len(basis.selected) == 8
    size = Z[:, basis.selected].norm(dim=0)
    assert torch.allclose((basis.Q @ basis.T) / size, Z[:, basis.selected] / size)
    assert torch.allclose(basis.Q.T @ basis.Q, torch.eye(8, dtype=torch.float64), atol=1e-13)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_near_duplicates_on_both_sides_of_the_tolerance(distance):
    Z = torch.randn(20, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    Z = Z / Z.norm(dim=0)
    off = torch.randn(20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    q = torch.linalg.qr(Z)[0]
    off = off - q @ (q.T @ off)
    Z = torch.cat([Z, (Z[:, 2] + distance * off / off.norm())[:, None]], 1)
    assert len(independent_columns(Z, distance * 0.5).selected) == 6
    basis = independent_columns(Z, distance * 2)
    assert len(basis.selected) == 5
    (dropped,) = dropped_columns(Z, torch.ones(1, 6, dtype=torch.float64), basis)
    assert {dropped.column, dropped.nearest_column} == {2, 5}
    assert dropped.distance == pytest.approx(distance, rel=1e-3)


def test_every_dropped_column_is_within_the_tolerance():
    g = torch.Generator().manual_seed(3)
    Z = torch.randn(30, 6, generator=g, dtype=torch.float64) @ torch.randn(6, 50, generator=g, dtype=torch.float64)
    Z += 0.05 * torch.randn(30, 50, generator=g, dtype=torch.float64)
    basis = independent_columns(Z, 0.1)
    dropped = dropped_columns(Z, torch.zeros(1, 50, dtype=torch.float64), basis)
    assert 6 <= len(basis.selected) < 30
    assert len(dropped) == 50 - len(basis.selected)
    assert max(d.distance for d in dropped) <= 0.1


def test_zero_columns_are_left_out():
    X = torch.zeros(4, 3, dtype=torch.float64)
    X[0, 1] = 2
    solution = hard(X, torch.ones(2, 3, dtype=torch.float64))
    assert solution.selected.tolist() == [1]
    assert len(solution.dropped) == 2


def test_tolerance_out_of_range():
    with pytest.raises(ValueError, match="tau"):
        independent_columns(torch.ones(2, 2), 1.0)
