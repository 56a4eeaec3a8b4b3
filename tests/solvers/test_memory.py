"""A solve that cannot fit is refused in one line before it begins, and a large one says what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.tiny import tiny_pipeline
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


def measure_a_solve(sentences):
    """MiB that a solve takes beyond the first, and the estimate, where nothing was freed before that it could take again."""
    model, solver = Model(tiny_pipeline(), "tiny", "random", ""), make_solver("erasepro")
    many = make(templates=tuple(f"{{}} and {i} red birds in the old house" for i in range(sentences)))
    solver.solve(model, make())  # what is loaded with the first solve
    with Meter() as meter:
        before = meter.record()["peak_mib"]
        solver.solve(model, many)
    print(meter.record()["peak_mib"] - before, solver.memory(model.pipe, many) / 2**20)


@pytest.mark.ci_slow
def test_the_estimate_is_what_more_sentences_take():
    def measure(sentences):
        code = f"from {__name__} import measure_a_solve\nmeasure_a_solve({sentences})"
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
        return map(float, done.stdout.split()[-2:])

    # what the encoder itself takes, and how a machine hands out memory, is the same in both
    (few, expected_few), (many, expected_many) = measure(3000), measure(9000)
    assert 0.5 < (many - few) / (expected_many - expected_few) < 1.5
