"""A study as data: the ``study`` section of a file under ``experiments/``, or of a user's own yaml file.

    study:
      axes:                                   # what is varied; every combination is a run
        solver: [erasepro, uce_best]          # values of a key or a group
        constraint:                           # or named choices of several keys at once
          soft, μ = 10: {solver.text_fit.residual: soft, solver.text_fit.mu: 10}
          hard: {}
        templates: [blind, known]
        concepts: [mini/pair_dog, mini/pair_apple]
      tables: [templates]                     # axes that a table of its own is made for each value of
      rows: [constraint, solver]              # axes that name a row; over the others a row's mean is taken
      sort: overall                           # by what rows are sorted, the best first
      figures: [pareto, {dose: solver.text_fit.mu}]   # of each table, by kind; of dose the x axis
      published: {source: TEXT, values: {ROW: {COLUMN: NUMBER}}}   # what a paper states, to stand beside

Everything else in the file is the config of each run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from erasepro.config.paths import config_dir, filed_options, groups
from erasepro.config.yaml_files import first_line, read_yaml
from erasepro.errors import UserError, unknown, visible
from erasepro.report.figures.registry import FIGURES
from erasepro.report.published import Published

KEY = "study"
"""The section of a file that makes it a study."""
PARTS = ("axes", "tables", "rows", "sort", "figures", "published")
ORDERS = ("none", "overall", "target", "anchor", "kept", "anchors_kept", "synonym_anchor", "fd")
"""By what rows can be sorted: not at all, the harmonic mean of erased and kept, or one number of `study.objectives`."""
_KEY = re.compile(r"[\w@/-]+(\.[\w@/-]+)*")


@dataclass(frozen=True)
class Axis:
    """One thing that is varied."""

    name: str
    values: Mapping[str, Mapping[str, Any]]
    """Label -> the values that it gives to keys of the config."""


@dataclass(frozen=True)
class Study:
    """What a study varies, and how its runs are told apart in tables."""

    name: str
    axes: Sequence[Axis]
    base: Mapping[str, Any]
    """Values that every run has, by key; of a file under ``experiments/``: that it is chosen."""
    tables: Sequence[str] = ()
    rows: Sequence[str] = ()
    sort: str = "overall"
    figures: Sequence[tuple[str, str]] = ()
    """Kinds of figures (`report.figures.registry`), each with its x axis, "" for none."""
    published: Mapping[str, Any] = field(default_factory=dict)
    """See `report.published.Published.of`; empty for none."""


def studies() -> list[str]:
    """The names of the studies under ``experiments/``, folders included: ``ablation/residual``."""
    return [name for name in filed_options("experiments") if KEY in _content(_path(name))]


def load_study(name: str) -> Study:
    """The study of a name, of the last part of one (``residual``), or of a yaml file.

    Raises:
        UserError: no such study, or a file that holds none.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        if not path.is_file():
            raise UserError(f"No file {name!r}: give a study's yaml file, or one of {', '.join(studies())}.")
        content = _content(path)
        if KEY not in content:
            raise UserError(f"{name!r} holds no study: it needs a section {KEY}: with axes: (see `erasepro help study`).")
        return _study(path.stem, content[KEY], _own_base(content, name), name)
    known = studies()
    matches = [other for other in known if name == other] or [other for other in known if other.rpartition("/")[2] == name]
    if len(matches) > 1:
        raise UserError(f"Two studies are called {name!r}: write {' or '.join(matches)}.")
    if not matches:
        short = [other.rpartition("/")[2] for other in known]
        names = [last if short.count(last) == 1 else other for last, other in zip(short, known, strict=True)]
        raise unknown("study", name, names)
    where = f"experiments/{matches[0]}.yaml"
    return _study(matches[0], _content(_path(matches[0]))[KEY], {"experiments": matches[0]}, where)


def _path(name: str) -> Path:
    return config_dir().parent / "experiments" / f"{name}.yaml"


def _content(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{str(path)!r} cannot be read: {first_line(str(error))}. Mend it.") from error
    return content if isinstance(content, dict) else {}


def _own_base(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a user's own file says beside its study, by key; options of groups (``group: option``) first."""
    rest = {str(key): value for key, value in content.items() if key not in (KEY, "defaults")}
    if "defaults" in content:
        raise UserError(f"{where}: defaults are for files under experiments/: write options as keys, for example solver: uce.")
    options = {key: value for key, value in rest.items() if key in groups() and isinstance(value, str)}
    return {**options, **{key: value for key, value in rest.items() if key not in options}}


def _study(name: str, section: Any, base: Mapping[str, Any], where: str) -> Study:
    if not isinstance(section, dict) or "axes" not in section or not set(section) <= set(PARTS):
        strange = sorted(set(section) - set(PARTS)) if isinstance(section, dict) else []
        told = f"unknown {', '.join(map(repr, strange))}; " if strange else ""
        raise UserError(f"{where}: {told}a study has axes: (needed), {', '.join(f'{part}:' for part in PARTS[1:])}.")
    if not isinstance(section["axes"], dict) or not section["axes"]:
        raise UserError(f"{where}: axes must name what is varied, for example solver: [erasepro, uce].")
    axes = tuple(_axis(str(key), value, where) for key, value in section["axes"].items())
    names = [axis.name for axis in axes]
    tables, rows = (_names(section.get(part), part, names, where) for part in ("tables", "rows"))
    if not rows:
        rows = [name for name in names if name not in ("concepts", *tables)]
    if set(rows) & set(tables):
        raise UserError(f"{where}: {', '.join(sorted(set(rows) & set(tables)))} is in rows and in tables: keep one.")
    varied = [key for axis in axes for key in {key for values in axis.values.values() for key in values}]
    for key in varied:
        if varied.count(key) > 1:
            raise UserError(f"{where}: {key!r} is varied by two axes: one would overwrite the other.")
    sort = str(section.get("sort", "overall"))
    if sort not in ORDERS:
        raise UserError(f"{where}: sort: {unknown('order', sort, ORDERS)}")
    published = section.get("published") or {}
    try:
        Published.of(published)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    return Study(name, axes, base, tuple(tables), tuple(rows), sort, _figures(section.get("figures"), where), published)


def _figures(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    figures: list[tuple[str, str]] = []
    for entry in value if isinstance(value, list) else [] if value is None else [value]:
        for kind, x in entry.items() if isinstance(entry, dict) else [(entry, None)]:
            if not isinstance(kind, str) or kind not in FIGURES:
                raise UserError(f"{where}: figures: {unknown('kind of figure', str(kind), FIGURES)}")
            if x is not None and kind != "dose":
                raise UserError(f"{where}: figures: {kind} has its own x axis: write {kind} alone.")
            figures.append((kind, str(x or "")))
    return tuple(figures)


def _names(value: Any, part: str, axes: Sequence[str], where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(name, str) and name in axes for name in value):
        raise UserError(f"{where}: {part}: got {value!r}, expected a list of axes: {', '.join(axes)}.")
    if len(set(value)) < len(value):
        raise UserError(f"{where}: {part}: an axis stands there twice: {', '.join(value)}.")
    return list(value)


def _axis(name: str, value: Any, where: str) -> Axis:
    if isinstance(value, list) and value and _KEY.fullmatch(name):
        labels = [label_value(choice) for choice in value]
        if len(set(labels)) < len(labels):
            raise UserError(f"{where}: {name}: a value stands there twice: {', '.join(labels)}.")
        return Axis(name, {label: {name: choice} for label, choice in zip(labels, value, strict=True)})
    if isinstance(value, dict) and value and all(isinstance(choice, dict) for choice in value.values()):
        for choice in value.values():
            for key in choice:
                if not isinstance(key, str) or not _KEY.fullmatch(key):
                    raise UserError(f"{where}: {name}: {visible(str(key))!r} is no key of a config.")
        return Axis(name, {str(label): dict(choice) for label, choice in value.items()})
    raise UserError(
        f"{where}: axis {name!r}: got {value!r}; expected a list of values of that key, or {{label: {{key: value}}, …}}."
    )


def label_value(value: Any) -> str:
    """How a value of a key is written in a table: as yaml, without quotes."""
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("\n...").strip()
