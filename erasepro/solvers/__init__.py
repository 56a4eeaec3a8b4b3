"""Solvers: one published method a file. `SOLVERS.get(name)(cfg).solve(model, build) -> Edit`."""

from erasepro.registry import Registry

from .base import Solver, make_solver

SOLVERS: Registry[type[Solver]] = Registry("solver", "erasepro.solvers")

__all__ = ["SOLVERS", "Solver", "make_solver"]
