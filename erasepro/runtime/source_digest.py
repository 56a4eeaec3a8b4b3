"""A hash of the code that numbers come from, so that changed code is never taken for the code of an older result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from erasepro.runtime.source_files import imported_names, module_file

CHOSEN_BY_NAME = ("erasepro.schedules",)
"""Packages whose modules are chosen by a setting and imported by a registry: where one file counts, all do."""


@cache
def source_digest(module: str, code: tuple[str, ...]) -> str:
    """SHA-256 (64 hex digits) over the source of a module and of what it imports from its own package or from ``code``.

    Imports are followed all the way, those inside functions too. Names and bytes of the modules are hashed, never where
    they lie: a copy of the checkout has the same digest. A module without a file (an interactive session's) counts by name.

    Args:
        module: dotted name of the module that holds the solver or metric.
        code: dotted prefixes of the packages whose modules count; a module outside erasepro counts its own package too.
    """
    top = module.partition(".")[0]
    roots = code if top == "erasepro" else (*code, top)
    files: dict[str, Path | None] = {}
    queue = [module]
    while queue:
        name = queue.pop()
        if name not in files:
            files[name] = module_file(name)
            queue += _neighbours(name, files[name], roots)
    total = hashlib.sha256()
    for name in sorted(files):
        file = files[name]
        total.update(name.encode() + b"\0" + (hashlib.sha256(file.read_bytes()).digest() if file else b""))
    return total.hexdigest()


def _neighbours(module: str, file: Path | None, roots: Sequence[str]) -> Iterator[str]:
    """The modules under ``roots`` that a module imports; of a package whose modules are chosen by name, all of them."""
    if file is None:
        return
    if module in CHOSEN_BY_NAME:
        yield from (f"{module}.{path.stem}" for path in file.parent.glob("*.py") if path.name != "__init__.py")
    for source, name, _ in imported_names(module, file):
        if _is_under(source, roots):
            yield source
        if name and _is_under(f"{source}.{name}", roots) and _is_module(source, name):
            yield f"{source}.{name}"


@cache
def _is_module(package: str, name: str) -> bool:
    file = module_file(package)
    if file is None or file.name != "__init__.py":
        return False
    return (file.parent / f"{name}.py").is_file() or (file.parent / name / "__init__.py").is_file()


def _is_under(module: str, roots: Sequence[str]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)
