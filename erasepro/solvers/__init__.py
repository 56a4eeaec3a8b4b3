"""Solvers: one published method a file. `SOLVERS.get(name)(cfg).solve(model, build) -> Edit`."""

from .base import Solver, make_solver
from .registry import SOLVERS

__all__ = ["SOLVERS", "Solver", "make_solver"]
