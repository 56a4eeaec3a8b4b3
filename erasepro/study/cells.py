"""The runs of a study: one for each combination of its axes' values, as words of a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from erasepro.config.hydra_errors import translated
from erasepro.config.overrides import named_keys
from erasepro.config.paths import groups
from erasepro.config.sweep_jobs import parse_own, sweep_jobs
from erasepro.config.sweep_size import MOST_JOBS
from erasepro.errors import UserError, unknown
from erasepro.runs.override_words import override_words
from erasepro.study.study_file import Axis, Study, label_value


@dataclass(frozen=True)
class Cell:
    """One run of a study."""

    number: int
    """From 1, in the order of the axes, the last one fastest."""
    labels: Mapping[str, str]
    """Axis -> the label of its value."""
    words: tuple[str, ...]
    """The command that the run is."""

    @property
    def name(self) -> str:
        """Of its files in the study's folder."""
        return f"{self.number:04d}"

    @property
    def shown(self) -> str:
        """Its place on each axis: ``solver=uce, constraint=hard``."""
        return ", ".join(f"{axis}={label}" for axis, label in self.labels.items())


def cells_of(study: Study, overrides: Sequence[str] = ()) -> list[Cell]:
    """The runs of a study.

    Args:
        overrides: words that every run is given too. One with the name of an axis gives its values, or which of its named
            choices are made (``solver=uce,oce``, ``constraint=hard``).

    Raises:
        UserError: an override of a key that an axis varies among others, or more runs than a command may begin.
    """
    study, rest = restrict(study, overrides)
    total = 1
    for axis in study.axes:
        total *= len(axis.values)
    if total > MOST_JOBS:
        raise UserError(f"The study has {total:,} runs: at most {MOST_JOBS:,} are begun by one command; give fewer values.")
    cells: list[Cell] = []
    for labels in product(*(axis.values for axis in study.axes)):
        chosen = dict(zip((axis.name for axis in study.axes), labels, strict=True))
        values: dict[str, Any] = dict(study.base)
        for axis in study.axes:
            values |= axis.values[chosen[axis.name]]
        cells.append(Cell(len(cells) + 1, chosen, (*override_words(_groups_first(values)), *rest)))
    return cells


def cells_of_sweep(overrides: Sequence[str]) -> tuple[list[Cell], list[str]]:
    """The runs of a sweep's words (``solver=uce,oce seed=0,1``), and the keys that are swept, in their order.

    Raises:
        UserError: no run, or too many.
    """
    with translated(overrides):
        jobs = sweep_jobs(overrides)
        parsed = parse_own(overrides)
    swept = [(index, override.key_or_group) for index, override in enumerate(parsed) if override.is_sweep_override()]
    cells = [
        Cell(number, {key: words[index].partition("=")[2] for index, key in swept}, tuple(words))
        for number, words in enumerate(jobs, 1)
    ]
    return cells, [key for _, key in swept]


def restrict(study: Study, overrides: Sequence[str]) -> tuple[Study, list[str]]:
    """The study with those values of its axes that overrides name (the last word of an axis counts), and the other overrides.

    Raises:
        UserError: an override of a key that an axis varies among others, or a choice that an axis does not have.
    """
    given = {axis.name: axis for axis in study.axes}
    axes, rest = dict(given), []
    with translated(overrides):
        for word in overrides:
            parsed = OverridesParser.create().parse_override(word)
            key = parsed.key_or_group
            if key in axes:
                values = list(parsed.sweep_iterator()) if parsed.is_sweep_override() else [parsed.value()]
                axes[key] = _chosen(given[key], [_plain(value) for value in values])
                continue
            if parsed.is_sweep_override():
                raise UserError(f"{word!r} gives several values, and {key!r} is no axis of the study {study.name!r}: give one.")
            varied = {key: axis.name for axis in study.axes for choice in axis.values.values() for key in choice}
            for named in named_keys([word]):
                axis = next((name for key, name in varied.items() if _overwrites(named, key)), None)
                if axis is not None:
                    raise UserError(
                        f"{word!r} would overwrite what the study varies: {named!r} belongs to its axis {axis!r}. Leave it "
                        "out, or change the study's file."
                    )
            rest.append(word)
    return replace(study, axes=tuple(axes.values())), rest


def _chosen(axis: Axis, values: Sequence[Any]) -> Axis:
    """An axis with other values of its key, or with those of its named choices that are called so.

    Raises UserError for a name that none of the choices has.
    """
    if all(set(choice) == {axis.name} for choice in axis.values.values()):
        return Axis(axis.name, {label_value(value): {axis.name: value} for value in values})
    labels = [label_value(value) for value in values]
    for label in labels:
        if label not in axis.values:
            raise unknown(f"value of the axis {axis.name!r}", label, axis.values)
    return Axis(axis.name, {label: axis.values[label] for label in labels})


def _overwrites(named: str, varied: str) -> bool:
    """Whether a key is a varied one, or inside it. Keys of a group are set after its option, and overwrite only themselves."""
    return named == varied or (named.startswith(f"{varied}.") and varied not in groups())


def _plain(value: Any) -> Any:
    """A value of Hydra's grammar without its marks of quotes."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return getattr(value, "text", value)


def _groups_first(values: Mapping[str, Any]) -> dict[str, Any]:
    """Options of groups before single keys: choosing an option sets all its keys."""
    return dict(sorted(values.items(), key=lambda item: "." in item[0]))
