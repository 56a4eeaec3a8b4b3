"""Names that code registers and configs choose, read from the source: nothing is imported."""

from __future__ import annotations

from functools import cache

from erasepro.registry import ENTERED
from erasepro.runtime.registrations import index

PACKAGES = {"solver": "erasepro.solvers", "metrics": "erasepro.metrics", "tracker": "erasepro.tracking"}
"""Config groups whose names are registered by the modules of a package; entry points of its name add to them."""


def registered_names(group: str) -> tuple[str, ...]:
    """The names of a config group that code registers, sorted, a notebook's among them; none for a group of files only."""
    package = PACKAGES.get(group)
    return tuple(sorted({*_names_in_files(package), *ENTERED[package]})) if package else ()


@cache
def _names_in_files(package: str) -> tuple[str, ...]:
    return tuple(index(package, package))
