"""What a search of settings goes over: the keys of one solver with the values they may have (``experiments/tune/*.yaml``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from erasepro.config.paths import config_dir, filed_options
from erasepro.config.yaml_files import first_line, read_yaml
from erasepro.errors import UserError, unknown

if TYPE_CHECKING:
    import optuna

FORMS = "a list of values, {low: …, high: …}, or {name: {key: value}, …}"


@dataclass(frozen=True)
class Dimension:
    """One thing that is varied: values of a key, an interval of it, or named choices of several keys at once."""

    name: str
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Label -> the values that it gives to keys; empty for an interval."""
    keys: Sequence[str] = ()
    """Of an interval: the keys, which all get the same number."""
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """The values of the keys that a trial is to have."""
        if self.choices:
            return dict(self.choices[str(trial.suggest_categorical(self.name, list(self.choices)))])
        number = trial.suggest_float(self.name, self.low, self.high, log=self.log)
        return dict.fromkeys(self.keys, float(f"{number:.3g}"))  # three digits: what a preset can show

    @property
    def varied(self) -> set[str]:
        """The keys that it sets."""
        return set(self.keys) | {key for values in self.choices.values() for key in values}


@dataclass(frozen=True)
class Space:
    """The settings of one solver that a search may choose among."""

    solver: str
    """Its published preset, at which the search begins."""
    dimensions: Sequence[Dimension]

    def suggest(self, trial: optuna.Trial) -> list[str]:
        """A trial's settings, as words of the command line."""
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            values |= dimension.suggest(trial)
        return as_words(values)


def as_words(values: Mapping[str, Any]) -> list[str]:
    """``key=value`` words of the command line, in Hydra's grammar."""
    return [f"{key}={_written(value)}" for key, value in values.items()]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def spaces() -> list[str]:
    """The names of the search spaces that there are files for."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def load_space(name: str) -> Space:
    """The search space of a solver. Raises UserError where there is no file, or it does not hold one."""
    if name not in spaces():
        raise unknown("solver to tune", name, spaces())
    path = _folder() / f"{name}.yaml"
    where = f"experiments/tune/{name}.yaml"
    try:
        content = read_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{where} cannot be read: {first_line(str(error))}. Mend it.") from error
    if not isinstance(content, dict) or set(content) != {"solver", "space"} or not isinstance(content["space"], dict):
        raise UserError(f"{where} must hold two keys: solver (a preset) and space (key: values).")
    if content["solver"] not in filed_options("solver"):
        raise UserError(f"{where}: solver: {unknown('solver', str(content['solver']), filed_options('solver'))}")
    dimensions = [_dimension(str(key), value, where) for key, value in content["space"].items()]
    if not dimensions:
        raise UserError(f"{where}: space is empty: name a key with {FORMS}.")
    for key in sorted(key for dimension in dimensions for key in dimension.varied):
        if key != "schedule" and not key.startswith(("solver.", "schedule.")):
            raise UserError(
                f"{where}: {key!r} is no key of a solver or a schedule: all solvers are searched on the same sentences, "
                "pictures and seeds. Allowed: solver.…, schedule, schedule.…"
            )
    return Space(str(content["solver"]), dimensions)


def _folder() -> Path:
    return config_dir().parent / "experiments" / "tune"


def _dimension(name: str, value: Any, where: str) -> Dimension:
    if isinstance(value, list) and value:
        return Dimension(name, {_written(choice): {name: choice} for choice in value})
    if isinstance(value, dict) and {"low", "high"} <= value.keys() <= {"low", "high", "log", "keys"}:
        low, high, log = value["low"], value["high"], value.get("log", False)
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (low, high))
        if not numbers or not low < high or (log and low <= 0):
            raise UserError(f"{where}: {name}: low and high must be numbers, low below high (with log: above 0).")
        return Dimension(name, keys=tuple(value.get("keys") or (name,)), low=float(low), high=float(high), log=bool(log))
    if isinstance(value, dict) and value and all(isinstance(choice, dict) for choice in value.values()):
        return Dimension(name, {str(label): choice for label, choice in value.items()})
    raise UserError(f"{where}: {name}: {value!r} is no range. Allowed: {FORMS}.")
