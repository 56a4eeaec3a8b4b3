"""A run's settings as Python gives them, as the words of a command: ``{"solver": "uce", "generation.steps": 12}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from erasepro.config.paths import groups
from erasepro.config.schema import ConceptsConfig
from erasepro.errors import UserError
from erasepro.metrics.engine.base import Metric
from erasepro.metrics.registry import METRICS
from erasepro.registry import Registry
from erasepro.solvers.base import Solver
from erasepro.solvers.registry import SOLVERS

Overrides = Iterable[str] | Mapping[str, Any]
"""Words of a command (``"solver=uce"``), or values by dotted key, groups nested or not."""
OPEN = ("concepts.synonyms", "templates.articles", "protocol.fixes", "protocol.suggests", "protocol.requires")
"""Keys whose value is a mapping from names of any form."""
KEY = re.compile(r"[+~]{0,2}[\w@/-]+(\.[\w@/-]+)*")


def override_words(overrides: Overrides) -> list[str]:
    """The words of a command that say the same.

    Args:
        overrides: words, which stay as they are, or a mapping. In it a solver may be a class or an instance (of
            `solvers.base.Solver`), and so may each of ``metrics`` (`metrics.engine.base.Metric`); ``concepts`` may be pairs.

    Raises:
        UserError: neither; a value that no config can hold; a class that is no solver or metric.
    """
    if isinstance(overrides, str):
        raise UserError(f"Overrides are a list of words or a dict; got {overrides!r}: write [{overrides!r}].")
    if isinstance(overrides, Mapping):
        return [word for key, value in overrides.items() for word in _words(str(key), value)]
    words = list(overrides) if isinstance(overrides, Iterable) else [overrides]
    for word in words:
        if not isinstance(word, str):
            raise UserError(f"An override is a text such as 'solver=uce', or all of them are a dict; got {word!r}.")
    return words


def solver_words(solver: Any) -> list[str]:
    """The words that choose a solver given as its name, a class, or an instance with its settings."""
    name, settings = _entered(SOLVERS, solver, Solver, "solver")
    return [f"solver={name}", *_leaves("solver", {key: value for key, value in settings.items() if key != "name"})]


def metrics_words(metrics: Any) -> list[str]:
    """The words that choose metrics: one of them, a list, or the name of an option of ``conf/metrics``."""
    if isinstance(metrics, str) and metrics in groups()["metrics"]:
        return [f"metrics={metrics}"]
    given = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    entered = [_entered(METRICS, metric, Metric, "metric") for metric in given]
    words = [f"metrics=[{','.join(name for name, _ in entered)}]"]
    return words + [word for name, settings in entered for word in _leaves(f"metrics.params.{name}", settings)]


def _entered(registry: Registry[Any], given: Any, base: type, kind: str) -> tuple[str, dict[str, Any]]:
    """The registered name of what was given, and the settings of an instance."""
    if isinstance(given, str):
        return given, {}
    entry = given if isinstance(given, type) else type(given)
    if not issubclass(entry, base):
        what = f"the class {entry.__name__}" if isinstance(given, type) else f"a {entry.__name__}"
        raise UserError(
            f"A {kind} is a name, a class derived from {base.__module__}.{base.__name__}, or an instance of one; got {what}."
        )
    name = registry.enter(entry)
    if isinstance(given, type):
        return name, {}
    config = getattr(given, "config", None)
    if config is None:
        return name, {}
    if not is_dataclass(config) or isinstance(config, type):
        raise UserError(f"The {kind} {name!r} keeps no settings: its attribute config must be a dataclass; got {config!r}.")
    return name, asdict(config)


def _words(key: str, value: Any) -> Iterator[str]:
    """The words of one key, a group's among them."""
    if not KEY.fullmatch(key):
        raise UserError(f"{key!r} is no key of a config: keys are names joined by dots, such as 'generation.steps'.")
    if key == "solver" and not isinstance(value, Mapping):
        yield from solver_words(value)
    elif key in ("metrics", "metrics.names") and not isinstance(value, Mapping) and value is not None:
        yield from metrics_words(value)
    elif key == "concepts" and _are_pairs(value):
        yield f"concepts.pairs={_text(key, _as_pairs(value))}"
    elif key == "concepts.pairs":
        yield f"{key}={_text(key, _as_pairs(value))}"
    elif key in groups() and isinstance(value, str) and re.fullmatch(r"[\w./-]+", value):
        yield f"{key}={value}"
    elif isinstance(value, Mapping) and key not in OPEN:
        given = dict(value)
        if key == "solver" and "name" in given:  # a group's option is chosen before its keys are set
            yield from solver_words(given.pop("name"))
        for name, part in given.items():
            yield from _words(f"{key}.{name}", part)
    else:
        yield f"{key}={_text(key, value)}"


def _leaves(key: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """A word for each value of nested settings; an empty mapping has none."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(f"{key}.{name}", value)
        else:
            yield f"{key}.{name}={_text(key, value)}"


def _are_pairs(value: Any) -> bool:
    """Whether ``concepts`` is given as pairs: a mapping from targets to anchors, or a list."""
    if isinstance(value, Mapping):
        return bool(value) and not set(value) <= {field.name for field in fields(ConceptsConfig)}
    return isinstance(value, (list, tuple))


def _as_pairs(value: Any) -> Any:
    return [[target, anchor] for target, anchor in value.items()] if isinstance(value, Mapping) else value


def _text(key: str, value: Any) -> str:
    """A value as the command reads it; every text in quotes."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, (str, Path)):
        escaped = re.sub(r'(\\*)("|$)', lambda end: end[1] * 2 + ('\\"' if end[2] else ""), str(value))
        return f'"{escaped}"'
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_text(key, part) for part in value)}]"
    if isinstance(value, Mapping):
        # Hydra takes no quotes around a mapping's keys
        names = {re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", str(name)): part for name, part in value.items()}
        return "{" + ",".join(f"{name}:{_text(key, part)}" for name, part in names.items()) + "}"
    raise UserError(f"Bad value for {key!r}: a {type(value).__name__} is nothing that a config holds (numbers, texts, lists).")
