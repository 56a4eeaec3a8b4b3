"""Which names are registered where, read from source files and entry points without importing what registers them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path

from erasepro.runtime.source_files import is_installed, module_file, syntax_tree

REGISTRATION = re.compile(r"^@\w+\.register\(\s*[\"']([^\"']+)[\"']", re.MULTILINE)
"""The decorator in a file that does not parse."""

MALFORMED = (AttributeError, TypeError, ValueError)
"""What importlib.metadata raises for metadata that does not parse or is no UTF-8."""


@dataclass(frozen=True)
class Place:
    """Where a name is registered."""

    name: str
    module: str
    """Dotted name of the module to import."""
    where: str
    """The file, or the plug-in, as a message shows it."""
    summary: str = ""
    """First line of the entry's docstring."""
    symbol: str = ""
    """The class or function that is registered."""
    problem: str = ""
    """Why it cannot be loaded, as far as that is known without importing it."""


def index(package: str | None, group: str | None) -> dict[str, Place]:
    """Every name that a package's modules and a group of entry points register, in no order.

    A name that two places register is listed once, with both of them as its problem.
    """
    places: dict[str, Place] = {}
    for place in [*(_places_in_package(package) if package else ()), *(_places_of_group(group) if group else ())]:
        other = places.get(place.name)
        problem = (
            f"it is registered twice, in {other.where} and in {place.where}: rename one" if other else place.problem
        )
        places[place.name] = replace(other or place, problem=problem)
    return places


def _places_in_package(package: str) -> Iterator[Place]:
    """The registrations in a package's files, sub-packages included; names with a leading underscore are left out."""
    top = module_file(package)
    if top is None:
        return
    for file in sorted(top.parent.rglob("*.py")):
        parts = file.relative_to(top.parent).with_suffix("").parts
        if file == top or any(part.startswith("_") and part != "__init__" for part in parts):
            continue
        module = ".".join([package, *(part for part in parts if part != "__init__")])
        yield from places_in_file(file, module, "/".join([*package.split("."), *parts]) + ".py")


def places_in_file(file: Path, module: str, where: str) -> Iterator[Place]:
    """The top-level classes and functions of a file under ``@REGISTRY.register("name", …)``."""
    text = file.read_bytes()
    if b".register(" not in text:
        return
    try:
        tree = syntax_tree(file)
    except (SyntaxError, UnicodeDecodeError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        reason = f"{where}{line} is no Python: {error.msg if isinstance(error, SyntaxError) else error.reason}"
        for name in REGISTRATION.findall(text.decode(errors="replace")):
            yield Place(name, module, where, problem=reason)
        return
    lost = next((name for name in _libraries(tree) if not is_installed(name)), None)
    problem = f"{where} needs the module {lost!r}, which is not installed" if lost else ""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            summary = (ast.get_docstring(node) or "").strip().partition("\n")[0]
            for name in _registered_names(node.decorator_list):
                yield Place(name, module, where, summary, node.name, problem)


def _libraries(tree: ast.Module) -> Iterator[str]:
    """The top-level packages that a file cannot be imported without."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _registered_names(decorators: Iterable[ast.expr]) -> Iterator[str]:
    for call in decorators:
        is_register = (
            isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "register"
        )
        if isinstance(call, ast.Call) and is_register and call.args:
            name = call.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def _places_of_group(group: str) -> Iterator[Place]:
    """The names that other distributions declare in an entry-point group; one that cannot be read spoils only its own."""
    try:
        points = list(entry_points(group=group))
    except MALFORMED:  # of some distribution, maybe of none that has to do with this one
        yield from _places_one_by_one(group)
    else:
        yield from map(_place_of, points)


def _places_one_by_one(group: str) -> Iterator[Place]:
    """The same where a distribution's entry_points.txt is malformed: its names, as far as they can be read, say so."""
    seen: set[str] = set()
    for dist in distributions():
        owner = _owner(dist)
        if owner in seen:  # the first on the path is the one that is imported
            continue
        seen.add(owner)
        try:
            points = list(dist.entry_points.select(group=group))
        except MALFORMED as error:
            where = f"the plug-in {owner}"
            problem = f"{where} has an entry_points.txt that cannot be read ({type(error).__name__}): reinstall it"
            for name, value in _declared(dist, group):
                yield Place(name, value.partition(":")[0], where, problem=problem)
        else:
            yield from map(_place_of, points)


def _declared(dist: Distribution, group: str) -> list[tuple[str, str]]:
    """The lines ``name = value`` of a group in a malformed entry_points.txt."""
    try:
        text = dist.read_text("entry_points.txt") or ""
    except MALFORMED:
        return []
    section = re.search(rf"^\s*\[{re.escape(group)}\]\s*$(.*?)(?=^\s*\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^[ \t]*([^=#\s]+)[ \t]*=[ \t]*(\S+)", section.group(1), re.MULTILINE) if section else []


def _owner(dist: Distribution | None) -> str:
    try:
        return str(dist.name) if dist else "?"
    except MALFORMED:  # it has no METADATA
        return "?"


def _place_of(point: EntryPoint) -> Place:
    where = f"the plug-in {_owner(point.dist)} ({point.value})"
    try:
        point.module  # noqa: B018 - it is parsed when it is read
    except MALFORMED:
        return Place(point.name, "", where, problem=f"{where} names no module: write name = module in its entry points")
    try:
        file = module_file(point.module)
        places = list(places_in_file(file, point.module, where)) if file is not None else []
    except OSError as error:
        return Place(point.name, point.module, where, problem=f"{where} cannot be read: {error.strerror}")
    known = next((place for place in places if place.name == point.name), None)
    if known is not None:
        return known
    problem = "" if file is not None else f"{where} names the module {point.module!r}, which is not installed"
    return Place(point.name, point.module, where, problem=problem)
