"""One generic registry: names to classes or functions, each imported when it is asked for, with errors that teach."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from erasepro.errors import UserError, unknown
from erasepro.runtime.registrations import Place, index
from erasepro.runtime.source_fields import defining_module, registered_config
from erasepro.runtime.source_files import class_attribute

T = TypeVar("T")

BROKEN = "Broken: "
"""Before what is wrong with an entry, in the place of its first line."""

ENTERED: defaultdict[str | None, set[str]] = defaultdict(set)
"""Package of a registry → the names that were registered in this process, those of a notebook's classes too."""


class Registry(Generic[T]):
    """Names to objects of one kind (``"solver"``, ``"metric"`` …).

    Names and their first lines are read from the source, so that listing them imports nothing; ``get`` imports the one
    module that registers the name. A module that cannot be imported is the failure of its own names only.

    Args:
        kind: the word used in error messages.
        package: a package whose modules, those of its sub-packages too, register entries by
            ``@REGISTRY.register("name", Config)`` on a top-level class or function.
        group: a group of entry points by which other distributions add entries: ``name = "module"``, where importing the
            module registers the name in the same way.
        named: whether every config has the field ``name``, which says what it is a config of.
    """

    def __init__(self, kind: str, package: str | None = None, group: str | None = None, named: bool = False) -> None:
        self.kind = kind
        self._named = named
        self._package = package
        self._group = group
        self._entries: dict[str, T] = {}
        self._configs: dict[str, type] = {}

    def register(self, name: str, config: type | None = None) -> Callable[[T], T]:
        """Decorator that enters a class or function under a name, and gives a class its ``name`` and ``config_class``.

        Args:
            name: how configs choose the entry.
            config: the dataclass that the entry is built from; composed configs are checked by it. None: that of the
                class that the entry is derived from, where it has one.

        Raises:
            UserError: the name is taken (both places are named), or the config is no dataclass.
        """

        def add(entry: T) -> T:
            if config is not None and not (isinstance(config, type) and dataclasses.is_dataclass(config)):
                what = getattr(config, "__qualname__", None) or f"a {type(config).__name__}"
                raise UserError(
                    f"The {self.kind} {name!r} is registered in {_module_of(entry)} with a config that is no dataclass "
                    f"({what}): give a class under @dataclass, whose fields are its keys."
                )
            schema = config or config_of(entry)
            if schema is not None and self._named and "name" not in {field.name for field in dataclasses.fields(schema)}:
                schema = _with_name(schema, name)
            other = self._other_place(name, entry)
            if other:
                raise UserError(
                    f"The {self.kind} {name!r} is registered twice, in {other} and in {_module_of(entry)}: rename one."
                )
            if isinstance(entry, type):
                for key, value in {"name": name, "config_class": schema}.items():
                    if value is not None:
                        setattr(entry, key, value)
            self._entries[name] = entry
            ENTERED[self._package].add(name)
            if schema is not None:
                self._configs[name] = schema
            return entry

        return add

    def enter(self, entry: Any) -> str:
        """The name of a class, which is registered if it was not: a notebook's need no decorator.

        It is the class's own attribute ``name``, else what the class is called (``MyNudge`` → ``my_nudge``). Without a config
        of its own or of a base it has no keys.

        Raises:
            UserError: another class has the name.
        """
        name = vars(entry).get("name") or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", entry.__name__).lower()
        if self._entries.get(name) is not entry:
            self.register(name, config_of(entry) or dataclasses.make_dataclass(f"{entry.__name__}Config", []))(entry)
        return str(name)

    def get(self, name: str) -> T:
        """The entry of that name, its module imported.

        Raises:
            UserError: no such name (the nearest one and all the known ones are told), or its module cannot be imported
                (the file and the reason are told).
        """
        if name not in self._entries:
            place = self._places.get(name)
            if place is None:
                raise unknown(self.kind, str(name), self.names())
            self._import(place)
        return self._entries[name]

    def config(self, name: str) -> type | None:
        """The config dataclass given at registration, or None. Raises UserError as ``get`` does.

        Where `config_module` names one, that alone is imported, not the entry.
        """
        module, symbol = self._config_apart(name)
        if module:
            schema: type = getattr(importlib.import_module(module), symbol)
            return schema
        self.get(name)
        return self._configs.get(name)

    def config_module(self, name: str) -> str:
        """The module of a config that stands apart from its entry, both in the registry's package, else "". Imports nothing."""
        return self._config_apart(name)[0]

    def _config_apart(self, name: str) -> tuple[str, str]:
        """Module and class of a config as `config_module` means it, or two empty texts."""
        place = self._places.get(name)
        if place is None or place.problem or not place.module.startswith(f"{self._package}."):
            return "", ""
        symbol = registered_config(place.module, place.symbol)
        home = defining_module(place.module, symbol)
        return (home, symbol) if home.startswith(f"{self._package}.") and home != place.module else ("", "")

    def required_config(self, name: str) -> type:
        """The config dataclass given at registration. Raises UserError as ``get`` does, and where none was given."""
        schema = self.config(name)
        if schema is None:
            raise UserError(
                f"The {self.kind} {name!r} is registered without a config, in {_module_of(self._entries[name])}: give its "
                f'dataclass as the second argument, @….register("{name}", Config).'
            )
        return schema

    def names(self) -> list[str]:
        """Every name, those of entries that cannot be imported too. Imports nothing."""
        return sorted({*self._places, *self._entries})

    def describe(self) -> dict[str, str]:
        """Each name with the first line of its docstring, or with what is known to be wrong with it. Imports nothing."""
        lines = {}
        for name in self.names():
            place = self._places.get(name)
            problem = f"{BROKEN}{place.problem}." if place is not None and place.problem else ""
            lines[name] = problem or (first_line(self._entries[name]) if place is None else place.summary)
        return lines

    def attribute(self, name: str, key: str) -> Any:
        """A class attribute with a literal value, its own or a base's; None where it has none. Imports nothing."""
        place = self._places.get(name)
        if place is None or place.problem:
            return getattr(self._entries.get(name), key, None)
        return class_attribute(place.module, place.symbol, key)

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._places

    @cached_property
    def _places(self) -> dict[str, Place]:
        return index(self._package, self._group)

    def _other_place(self, name: str, entry: T) -> str:
        """Where else the name is registered; "" where nowhere. The same definition, imported again, takes its own place."""
        module, held = _module_of(entry), self._entries.get(name)
        if held is not None and held is not entry and _definition(held) != _definition(entry):
            return _module_of(held)
        if held is None and not module.startswith(f"{self._package}."):
            place = self._places.get(name)
            if place is not None and place.module.partition(".")[0] != module.partition(".")[0]:
                return place.where
        return ""

    def _import(self, place: Place) -> None:
        if place.problem:
            raise UserError(f"The {self.kind} {place.name!r} cannot be loaded: {place.problem}.")
        try:
            importlib.import_module(place.module)
        except (Exception, SystemExit) as error:  # sys.exit at import is that name's failure, not the process's end
            self._forget_failed_modules()
            if isinstance(error, UserError):
                raise UserError(f"The {self.kind} {place.name!r} cannot be loaded: {place.where}: {error}") from error
            raise UserError(
                f"The {self.kind} {place.name!r} cannot be loaded: {place.where} does not import: {_reason(error)}."
            ) from error
        if place.name not in self._entries:
            raise UserError(
                f"The {self.kind} {place.name!r} cannot be loaded: {place.where} imports, but registers no such name."
            )

    def _forget_failed_modules(self) -> None:
        """Drop what a module registered before it failed: Python has dropped that module too."""
        for name, entry in list(self._entries.items()):
            if _module_of(entry) not in sys.modules:
                del self._entries[name]
                self._configs.pop(name, None)


def config_of(entry: Any) -> type | None:
    """The dataclass of a class's config: named as its base's parameter (``Solver[Config]``), or a base's own; None without."""
    for base in getattr(entry, "__mro__", ()):
        own = vars(base).get("config_class")
        parameters = [part for form in vars(base).get("__orig_bases__", ()) for part in getattr(form, "__args__", ())]
        for candidate in (own, *parameters):
            if isinstance(candidate, type) and dataclasses.is_dataclass(candidate):
                return candidate
    return None


def _with_name(config: type, name: str) -> type:
    """The dataclass with the field ``name`` beside its own."""
    space = {"__module__": config.__module__, "__qualname__": config.__qualname__, "__doc__": config.__doc__}
    field = ("name", str, dataclasses.field(default=name))
    frozen = config.__dataclass_params__.frozen  # type: ignore[attr-defined]  # a base and what derives from it must agree
    return dataclasses.make_dataclass(config.__name__, [field], bases=(config,), namespace=space, frozen=frozen)


def first_line(entry: Any) -> str:
    """The first line of an object's own docstring, or ''."""
    text = inspect.getdoc(entry) or ""
    return text.strip().splitlines()[0] if text.strip() else ""


def _module_of(entry: Any) -> str:
    return str(getattr(entry, "__module__", type(entry).__module__))


def _definition(entry: Any) -> tuple[str, str]:
    return _module_of(entry), str(getattr(entry, "__qualname__", id(entry)))


def _reason(error: BaseException) -> str:
    """Type and message of a failed import, with the file and line that it was raised at."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    last = frames[-1]
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text} ({'/'.join(last.filename.rsplit('/', 2)[-2:])}, line {last.lineno})"
