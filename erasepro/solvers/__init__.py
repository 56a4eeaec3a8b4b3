"""Solvers: one published method a file. `make_solver(name, options).solve(model, build)` gives an Edit."""

from erasepro.solvers.base import Solver
from erasepro.solvers.make import make_solver, stored_solver
from erasepro.solvers.registry import SOLVERS

__all__ = ["SOLVERS", "Solver", "make_solver", "stored_solver"]
