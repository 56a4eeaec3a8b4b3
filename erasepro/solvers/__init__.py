"""Solvers: one published method a file. `SOLVERS.get(name)(cfg).solve(model, build) -> Edit`."""

from erasepro.solvers.base import Solver
from erasepro.solvers.make import make_solver
from erasepro.solvers.registry import SOLVERS

__all__ = ["SOLVERS", "Solver", "make_solver"]
