"""A solve that cannot fit is refused in one line before it begins, and a large one says what it needs."""

import pytest

from erasepro.errors import UserError
from erasepro.runtime.meter import Meter
from erasepro.solvers import SOLVERS, make_solver, memory
from erasepro.solvers.memory import check_memory
from tests.solvers.conftest import make

MANY = make(templates=tuple(f"{{}} and {i} red birds in the old house" for i in range(3000)))


@pytest.fixture
def machine(monkeypatch):
    """Set how much memory there is, and from how much on a solve says what it needs."""

    def of(limit, large=1):
        monkeypatch.setattr(memory, "memory_limit", lambda: limit)
        monkeypatch.setattr(memory, "LARGE", large)

    return of


@pytest.mark.parametrize("solver", SOLVERS.names())
def test_every_solver_knows_how_much(shared_model, solver):
    few, many = (make_solver(solver).memory(shared_model.pipe, build) for build in (make(), MANY))
    assert 0 < few <= many


def test_a_small_solve_says_nothing(shared_model):
    assert check_memory(make_solver("erasepro"), shared_model.pipe, MANY) == ""


def test_a_large_one_says_how_much(shared_model, machine):
    machine(None)
    line = check_memory(make_solver("erasepro"), shared_model.pipe, MANY)
    assert line == "Memory: about 0.2 GiB for the columns of 3,000 sentences."


def test_one_that_does_not_fit_is_refused(shared_model, machine):
    machine(2**20)
    with pytest.raises(UserError, match=r"The solve for 1 pair \(3,000 sentences\) needs about 0\.2 GiB of memory") as hit:
        check_memory(make_solver("erasepro"), shared_model.pipe, MANY)
    assert "erase fewer concepts at a time" in str(hit.value)
    assert "\n" not in str(hit.value)


def test_sums_need_no_columns(shared_model):
    options = {"text_fit": {"rank": "least_squares"}, "cross_attention": False}
    sums = make_solver("erasepro", options).memory(shared_model.pipe, MANY)
    columns = make_solver("erasepro", {"cross_attention": False}).memory(shared_model.pipe, MANY)
    assert sums < columns / 2


@pytest.mark.ci_slow
def test_the_estimate_is_what_a_solve_takes(shared_model):
    solver = make_solver("erasepro")
    solver.solve(shared_model, make())  # what is loaded with the first solve
    with Meter() as meter:
        before = meter.record()["peak_mib"]
        solver.solve(shared_model, MANY)
    used = meter.record()["peak_mib"] - before
    expected = solver.memory(shared_model.pipe, MANY) / 2**20
    assert 0.4 * expected < used < expected + 150  # the encoder's own work is beside it
