"""A hash of a class's code, also where the class stands in a notebook and has no file to hash.

What a cell defines counts by its bytecode and by the values that it reads, so that a changed cell is never taken for the code
of an older result, and the same cell in another session is.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import os
import re
import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

from erasepro.runtime.source_digest import source_digest
from erasepro.runtime.source_files import module_file

SESSION = f"{os.getpid()} {time.time_ns()}"
"""This process: what cannot be hashed counts as the same in it alone."""
PLAIN = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis), PurePath, re.Pattern, range)
"""Values that their repr says whole."""
NOT_CODE = ("__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__", "__static_attributes__", "__qualname__",
            "__annotations__", "__annotations_cache__", "__annotate__", "__annotate_func__", "__abstractmethods__", "_abc_impl",
            "__parameters__", "__orig_bases__")  # fmt: skip
"""Attributes of a class that change no result, or follow from others."""


def entry_digest(entry: Any, code: tuple[str, ...]) -> str:
    """SHA-256 (64 hex digits) of a class's code and of what it uses of ``code``: see `source_digest`, where it has a file.

    Args:
        entry: a solver or metric class.
        code: dotted prefixes of the packages whose modules count.
    """
    if has_file(entry.__module__):
        return source_digest(entry.__module__, code)
    total = hashlib.sha256()
    for part in _Parts(code).of(entry):
        total.update(part.encode(errors="surrogatepass") + b"\0")
    return total.hexdigest()


def has_file(module: str) -> bool:
    """Whether a module's code is a file's. That of a session's own module is not: its cells come and go."""
    return module != "__main__" and module_file(module) is not None


class _Parts:
    """What a definition hangs on, as texts, each value once."""

    def __init__(self, code: tuple[str, ...]) -> None:
        self._code = code
        self._seen: dict[int, Any] = {}  # the values too, so that no other gets the place of one that is gone

    def of(self, value: Any) -> Iterator[str]:
        """The texts of a value and of all that it reads."""
        if isinstance(value, PLAIN):
            yield repr(value)
            return
        if id(value) in self._seen:
            yield f"again {list(self._seen).index(id(value))}"
            return
        self._seen[id(value)] = value
        yield type(value).__qualname__
        if isinstance(value, type):
            yield from self._of_class(value)
        elif isinstance(value, FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, CodeType):
            yield from self._of_code(value)
        elif isinstance(value, ModuleType):
            yield from self._of_module(value.__name__)
        elif isinstance(value, BuiltinFunctionType):
            yield f"{value.__module__}.{value.__qualname__}"
        elif isinstance(value, (staticmethod, classmethod, MethodType)):
            yield from self.of(value.__func__)
        elif isinstance(value, property):
            yield from self._of_all([value.fget, value.fset, value.fdel])
        elif isinstance(value, Mapping | MappingProxyType):
            yield from self._of_all(part for item in value.items() for part in item)
        elif isinstance(value, (tuple, list)):
            yield from self._of_all(value)
        elif isinstance(value, (set, frozenset)):
            yield from self._of_all(sorted(value, key=repr))
        elif isinstance(value, enum.Enum):
            yield value.name
            yield from self._of_all([type(value)])
        elif isinstance(value, dataclasses.Field):
            yield from self._of_all([value.name, str(value.type), value.default, value.default_factory])
        elif dataclasses.is_dataclass(value):
            yield from self._of_all([type(value), vars(value)])
        elif value is not dataclasses.MISSING:
            yield f"{SESSION} {id(value)}"

    def _of_all(self, values: Any) -> Iterator[str]:
        for value in values:
            yield from self.of(value)

    def _of_class(self, value: type) -> Iterator[str]:
        yield value.__qualname__
        if has_file(value.__module__) or value.__module__ == "builtins":
            yield from self._of_module(value.__module__)
            return
        yield from self._of_all(value.__bases__)
        for key, part in sorted(vars(value).items()):
            if key not in NOT_CODE:
                yield key
                yield from self.of(part)

    def _of_function(self, value: FunctionType) -> Iterator[str]:
        if has_file(value.__module__ or ""):
            yield value.__qualname__
            yield from self._of_module(value.__module__)
            return
        yield from self._of_all([value.__code__, value.__defaults__, value.__kwdefaults__])
        for cell in value.__closure__ or ():
            try:
                yield from self.of(cell.cell_contents)
            except ValueError:  # not filled yet
                yield "empty"
        for name in sorted(_names(value.__code__) & value.__globals__.keys()):
            yield name
            yield from self.of(value.__globals__[name])

    def _of_code(self, value: CodeType) -> Iterator[str]:
        """Its bytecode; neither its file nor its lines, which another cell of the same text has otherwise."""
        yield value.co_code.hex()
        yield from self._of_all([value.co_names, value.co_varnames, value.co_freevars, value.co_consts])

    def _of_module(self, name: str) -> Iterator[str]:
        """A module's name; of erasepro's, and of files that are not installed, the digest of the source too."""
        yield name
        file = module_file(name)
        if file is not None and (name.partition(".")[0] == "erasepro" or not _is_installed(file)):
            yield source_digest(name, self._code)


def _names(code: CodeType) -> set[str]:
    """The names that bytecode looks up, that of functions inside it too."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner)) if inner else set(code.co_names)


def _is_installed(file: Path) -> bool:
    """Whether a file is Python's or of an installed distribution: those do not change while one works."""
    if "site-packages" in file.parts or "dist-packages" in file.parts:
        return True
    return any(file.is_relative_to(sysconfig.get_path(place)) for place in ("stdlib", "platstdlib"))
