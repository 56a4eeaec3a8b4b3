"""The registry of solvers; a module of its own, so that what it registers can import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erasepro.registry import Registry

if TYPE_CHECKING:
    from erasepro.solvers.base import Solver

SOLVERS: Registry[type[Solver]] = Registry("solver", "erasepro.solvers", group="erasepro.solvers", named=True)
