"""The house: who may import whom. Read from the source, imports inside functions and for types included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "erasepro"

FLOORS = (
    ("errors",),
    ("runtime",),
    ("registry",),
    ("linalg",),
    ("config",),
    ("results",),
    ("concepts",),
    ("prompts",),
    ("schedules",),
    ("models",),
    ("edit",),
    ("generation",),
    ("solvers",),
    ("interventions",),
    ("metrics",),
    ("attacks",),
    ("recipes",),
    ("protocols",),
    ("report",),
    ("verification",),
    ("tracking",),
    ("runs",),
    ("study",),
    ("api",),
    ("cli",),
    ("",),  # erasepro/__init__.py, which only names things
    ("__main__",),
)
"""Rooms from the ground floor up; a room imports only from rooms named before it."""

TOP_FILES = {"__init__", "__main__", "api", "errors", "registry"}
OMEGACONF = ("config/", "cli/", "runs/resolve.py")


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    names = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    return names


def room_of(module: str) -> str:
    return ".".join(module.split(".")[1:2])


@cache
def imports_of(module: str) -> tuple[tuple[str, int], ...]:
    """The package's modules that a module imports, wherever in the file, with the line."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    edges = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            targets = [
                f"{source}.{alias.name}" if f"{source}.{alias.name}" in modules() else source for alias in node.names
            ]
        else:
            continue
        edges += [(target, node.lineno) for target in targets if target in modules() and target != module]
    return tuple(edges)


def upward() -> Iterator[str]:
    floor = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
    for module in modules():
        for target, line in imports_of(module):
            if room_of(module) != room_of(target) and floor[room_of(target)] >= floor[room_of(module)]:
                yield f"{module}:{line} imports {target}"


def circles() -> list[list[str]]:
    """Groups of modules that import one another (strongly connected components with more than one module)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target, _ in imports_of(module):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            group = []
            while not group or group[-1] != module:
                group.append(stack.pop())
            if len(group) > 1:
                groups.append(sorted(group))

    for module in modules():
        if module not in index:
            visit(module)
    return groups


def test_every_room_has_a_floor() -> None:
    assert {room_of(module) for module in modules()} <= {room for rooms in FLOORS for room in rooms}


def test_no_import_runs_upward() -> None:
    assert list(upward()) == []


def test_no_circle() -> None:
    assert circles() == []


def test_only_five_files_lie_at_the_top() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == TOP_FILES


def test_omegaconf_is_seen_only_where_configs_are_made() -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in modules().values()
        if any(
            (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "omegaconf")
            or (isinstance(node, ast.Import) and any(a.name.split(".")[0] == "omegaconf" for a in node.names))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert [user for user in users if not user.startswith(OMEGACONF)] == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
