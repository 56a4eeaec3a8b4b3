"""A run again from its stored config, with some settings changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from erasepro.config.check_overrides import check_overrides
from erasepro.config.hydra_errors import translated
from erasepro.config.hydra_setup import CUSTOM, prepare
from erasepro.config.overrides import named_keys, override_values, swept_words
from erasepro.config.paths import choices, groups
from erasepro.config.plain_values import leaves
from erasepro.config.stored_config import StoredConfig
from erasepro.config.stored_file import read_stored
from erasepro.errors import UserError
from erasepro.protocols.protocol_values import replace_protocol_values
from erasepro.results.renamed_keys import with_values_of_then
from erasepro.runs.resolve import resolve, spec_of_stored
from erasepro.runs.spec import RunSpec
from erasepro.schedules.config import ScheduleConfig

WHOLE_CONFIGS = ("experiments", "debug")
"""Groups whose options change several others, beneath what was chosen: they belong to a command of its own."""
PARTS_OF_NAMES = ("model.name", "concepts.name")
"""What a run's name begins with, unless it was given one; its end is the method's (`spec_of_stored`)."""


def rerun_spec(file: Path, overrides: Sequence[str] = ()) -> RunSpec:
    """The run that a stored config describes, with overrides over it.

    A group's option (``solver=uce``) takes the place of the whole group; a key changes one value of what was stored. The pairs
    are those that were stored, whatever their file holds today. The run's folder is made beside the one that the config lies
    in, so that an unchanged run finds its own.

    Args:
        file: a run's ``config.yaml``.
        overrides: Hydra overrides, one value each.

    Raises:
        UserError: a damaged config, one that holds anything but plain values, or a bad override.
    """
    before = read_stored(file)
    before = before.replaced({"solver": with_values_of_then(before["solver"], before.at("concepts.kind"))})
    prepare()
    with translated(overrides):
        check_overrides(overrides)
        if swept_words(overrides) is not None:
            raise UserError(f"{swept_words(overrides)!r} gives several values, and one run is run again: give one a key.")
        values, chosen = override_values(overrides), named_keys(overrides)
    _check_words(overrides)
    for group in [group for group in values if isinstance(values[group], dict)]:
        values |= leaves({group: values.pop(group)})
    if isinstance(values.get("metrics"), list):
        values["metrics.names"] = values.pop("metrics")
        chosen.add("metrics.names")
    config = before.replaced({"concepts.file": None})
    if (file.parent / "status.json").is_file():
        config = config.replaced({"outputs.dir": str(file.parent.parent)})
    options = {group: values.pop(group) for group in list(values) if group in groups()}
    if options:
        config = _with_options(config, options, chosen)
    values |= _following(config, values)
    return spec_of_stored(config.replaced(values), overrides)


def _check_words(overrides: Sequence[str]) -> None:
    for word in overrides:
        key = word.lstrip("+~").partition("=")[0]
        if word.startswith("~"):
            raise UserError(f"{word!r}: nothing can be deleted from a stored config; give the key a value, {key}=….")
        if key in WHOLE_CONFIGS:
            raise UserError(f"{word!r} changes a whole config, so it cannot go over a stored one: write erasepro {word} ….")


def _with_options(config: StoredConfig, options: dict[str, Any], chosen: set[str]) -> StoredConfig:
    """The config with groups replaced by options, and with what a new protocol says of the keys that were not chosen."""
    for group, option in options.items():
        if option is None:
            raise UserError(f"{group}=null: choose {choices(group)}.")
    words = [f"{group}=[{','.join(map(str, o))}]" if isinstance(o, list) else f"{group}={o}" for group, o in options.items()]
    new = resolve(words).stored
    changes = {group: new[group] for group in options}
    before_schedule, usual_schedule = _with_every_key(config.at("schedule")), _with_every_key(new.at("schedule"))
    own = changes["solver"].get("schedule") if "solver" in changes else config.at("solver.schedule")
    if own is not None:  # a solver's schedule is the group's, unless its option names another
        own = _with_every_key(own)
        if "solver" in changes and "schedule" not in changes and own == usual_schedule:
            changes["solver"] = {**changes["solver"], "schedule": before_schedule}
        elif "schedule" in changes and "solver" not in changes and own == before_schedule:
            changes["solver.schedule"] = usual_schedule
    replaced = config.replaced(changes)
    if "protocol" in options:
        replaced = replace_protocol_values(replaced, config, chosen, resolve(["metrics=default"]).stored, groups=("",))
    return replaced.replaced({"name": _renamed(config, replaced)})


def _with_every_key(schedule: dict[str, Any]) -> dict[str, Any]:
    """A schedule with the usual values of the keys that are not written: a solver's has them all, the group's few."""
    return {**asdict(ScheduleConfig()), **schedule}


def _following(config: StoredConfig, values: dict[str, Any]) -> dict[str, Any]:
    """The values that change with others: a solver's copy of the schedule, the name of a set of other pairs."""
    more: dict[str, Any] = {}
    if isinstance(config.at("solver.schedule"), dict):
        more |= {f"solver.{key}": value for key, value in values.items() if key.startswith("schedule.")}
    if {"concepts.pairs", "concepts.file"} & values.keys() and "concepts.name" not in values:
        more["concepts.name"] = CUSTOM
    return more


def _renamed(before: StoredConfig, after: StoredConfig) -> str:
    """The run's name with the new names of model and concepts in it."""
    name = str(before.at("name"))
    for key in PARTS_OF_NAMES:
        was, now = str(before.at(key)), str(after.at(key))
        if was != now:
            part = re.search(rf"(?<![A-Za-z0-9]){re.escape(was)}(?![A-Za-z0-9])", name)
            name = name[: part.start()] + now + name[part.end() :] if part else name
    return name
