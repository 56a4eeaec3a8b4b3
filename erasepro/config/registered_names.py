"""Names that code registers and configs choose, read from the source: nothing is imported."""

from __future__ import annotations

from functools import cache

from erasepro.runtime.registrations import index

PACKAGES = {"solver": "erasepro.solvers", "metrics": "erasepro.metrics", "tracker": "erasepro.tracking"}
"""Config groups whose names are registered by the modules of a package; entry points of its name add to them."""


@cache
def registered_names(group: str) -> tuple[str, ...]:
    """The names of a config group that code registers, sorted; none for a group that is files only."""
    package = PACKAGES.get(group)
    return tuple(sorted(index(package, package))) if package else ()
