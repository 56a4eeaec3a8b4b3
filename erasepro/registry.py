"""One generic registry: names to classes or functions, with errors that teach."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from erasepro.errors import unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to objects of one kind (``"solver"``, ``"metric"`` …).

    Args:
        kind: the word used in error messages.
        package: a package whose modules register themselves; it is imported at the first look-up, so that
            importing the registry costs nothing and a new entry needs no list to be edited.
    """

    def __init__(self, kind: str, package: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._loaded = package is None
        self._entries: dict[str, T] = {}
        self._configs: dict[str, type] = {}

    def register(self, name: str, config: type | None = None) -> Callable[[T], T]:
        """Decorator. ``config`` is the dataclass that the entry is built from; composed configs are checked by it."""

        def add(entry: T) -> T:
            if name in self._entries and self._entries[name] is not entry:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._entries[name] = entry
            if config is not None:
                self._configs[name] = config
            return entry

        return add

    def get(self, name: str) -> T:
        """The entry of that name. Raises UserError with the nearest name and all the known ones."""
        self._load()
        if name not in self._entries:
            raise unknown(self.kind, str(name), self._entries)
        return self._entries[name]

    def config(self, name: str) -> type | None:
        """The config dataclass given at registration, or None."""
        self.get(name)
        return self._configs.get(name)

    def names(self) -> list[str]:
        self._load()
        return sorted(self._entries)

    def describe(self) -> dict[str, str]:
        """Each name with the first line of its docstring."""
        self._load()
        return {name: first_line(self._entries[name]) for name in self.names()}

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def _load(self) -> None:
        if self._loaded or self._package is None:
            return
        self._loaded = True  # first: the modules imported below may look names up themselves
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.ispkg and not module.name.startswith("_"):
                importlib.import_module(f"{self._package}.{module.name}")


def first_line(entry: Any) -> str:
    """The first line of an object's own docstring, or ''."""
    text = inspect.getdoc(entry) or ""
    return text.strip().splitlines()[0] if text.strip() else ""
