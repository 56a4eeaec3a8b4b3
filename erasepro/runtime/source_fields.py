"""The fields of dataclasses, read from source files: nothing is imported to answer."""

from __future__ import annotations

import ast

from erasepro.runtime.source_files import imported_names, module_file, syntax_tree


def field_names(module: str, name: str) -> dict[str, str]:
    """Field → the text of its type, of a dataclass and its bases, the bases' first; empty where it is not to be seen.

    Args:
        module: dotted name of the module that defines the class or imports it.
        name: the class.
    """
    place = _class_at(module, name)
    if place is None:
        return {}
    module, node = place
    fields: dict[str, str] = {}
    for base in node.bases:
        base = base.value if isinstance(base, ast.Subscript) else base
        fields |= field_names(module, base.id) if isinstance(base, ast.Name) else {}
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            fields[line.target.id] = ast.unparse(line.annotation)
    return fields


def dotted_fields(module: str, name: str, prefix: str = "") -> list[str]:
    """The dotted names of the fields, those of dataclasses inside it too: ``fit.rank``."""
    place = _class_at(module, name)
    if place is None:
        return []
    keys = []
    for field, kind in field_names(module, name).items():
        inner = dotted_fields(_home(place[0], module, kind), kind, f"{prefix}{field}.") if kind.isidentifier() else []
        keys += inner or [f"{prefix}{field}"]
    return keys


def registered_config(module: str, name: str) -> str:
    """The dataclass that a class is registered with (``@SOLVERS.register("uce", UCEConfig)``), by its name; "" for none."""
    place = _class_at(module, name)
    for call in place[1].decorator_list if place else ():
        if isinstance(call, ast.Call):
            given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "config")]
            if given and isinstance(given[0], ast.Name):
                return given[0].id
    return ""


def defining_module(module: str, name: str) -> str:
    """The dotted name of the module that defines a class of ``module``, or one that it imports; "" where it is unseen."""
    place = _class_at(module, name) if name else None
    return place[0] if place is not None else ""


def _home(first: str, second: str, name: str) -> str:
    """That of two modules in which a class is to be seen."""
    return first if _class_at(first, name) is not None else second


def _class_at(module: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """The module that defines a class, and its node; followed through imports."""
    file = module_file(module)
    if file is None:
        return None
    try:
        tree = syntax_tree(file)
    except (SyntaxError, UnicodeDecodeError, OSError):
        return None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
    for source, what, local in imported_names(module, file):
        if local == name and what and source.startswith("erasepro") and source != module:
            return _class_at(source, what)
    return None
