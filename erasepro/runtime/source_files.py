"""Python source as data: where a module's file lies, its syntax tree, what it imports. Nothing is imported to answer."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
"""An import statement: dots, module and names of ``from … import …``, or the modules of ``import …``."""


def module_file(module: str) -> Path | None:
    """The source file of a module by its dotted name; None where it has none, or is nowhere on the path.

    The finders are asked level by level, because ``importlib.util.find_spec`` imports the parents of a module.
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None:
        return Path(file) if file.endswith(".py") else None
    path = None
    origin = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        finders = (finder.find_spec(name, path) for finder in sys.meta_path)
        spec = next((candidate for candidate in finders if candidate is not None), None)
        if spec is None or (depth < len(parts) and spec.submodule_search_locations is None):
            return None
        origin, path = spec.origin, spec.submodule_search_locations
    return Path(origin) if origin is not None and origin.endswith(".py") else None


@cache
def is_installed(package: str) -> bool:
    """Whether a top-level module or package is there to be imported."""
    return package in sys.modules or any(finder.find_spec(package, None) for finder in sys.meta_path)


@cache
def syntax_tree(file: Path) -> ast.Module:
    """The parsed file. Raises SyntaxError, or UnicodeDecodeError, where it is no Python."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imported_names(module: str, file: Path) -> Iterator[tuple[str, str, str]]:
    """(module, name, local name) of every import in a file, those inside functions too; name is "" for ``import a.b``.

    Read line by line: a syntax tree of the thirty files behind a solver takes a hundred times as long.
    """
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for dots, home, names, modules in IMPORT.findall(file.read_text(encoding="utf-8", errors="replace")):
        above = package.split(".")[: len(package.split(".")) - (len(dots) - 1)] if dots else []
        source = ".".join([*above, *([home] if home else [])])
        for words in re.sub(r"#.*|[()\\]", "", names or modules).split(","):
            name, _, local = words.strip().partition(" as ")
            if name:
                yield (source, name, local.strip() or name) if names else (name, "", local.strip() or name)


def class_attribute(module: str, name: str, key: str) -> object:
    """The literal value of a class attribute, of the class or of the first base that has it; None where there is none.

    Bases are looked for in the same file and in the modules that it imports them from.
    """
    file = module_file(module)
    if file is None:
        return None
    tree = syntax_tree(file)
    node = next((entry for entry in tree.body if isinstance(entry, ast.ClassDef) and entry.name == name), None)
    if node is None:
        homes = (source for source, what, local in imported_names(module, file) if what == local == name)
        return next((class_attribute(home, name, key) for home in homes if home != module), None)
    for line in node.body:
        targets = (
            line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
        )
        named = any(isinstance(target, ast.Name) and target.id == key for target in targets)
        if named and isinstance(line, ast.Assign | ast.AnnAssign) and isinstance(line.value, ast.Constant):
            return line.value.value
    bases = (
        base.value if isinstance(base, ast.Subscript) else base for base in node.bases
    )  # Solver[UCEConfig]: Solver
    values = (class_attribute(module, base.id, key) for base in bases if isinstance(base, ast.Name))
    return next((value for value in values if value is not None), None)
