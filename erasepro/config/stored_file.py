"""A stored config read from a file that anybody may have written: plain values alone, and one line for whatever is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from erasepro.config.stored_config import StoredConfig
from erasepro.config.yaml_files import first_line
from erasepro.errors import UserError

LARGEST = 4 * 2**20
"""Bytes of a file; a config with ten thousand pairs has half of it."""
DEEPEST = 20
"""Groups and lists inside each other; a run's config has six."""
NEEDED = ("model", "concepts", "solver", "generation", "metrics", "protocol", "tracker")
"""Groups that every run's config has."""


def read_stored(file: Path) -> StoredConfig:
    """The settings of a run as its ``config.yaml`` has them. UserError as `read_plain`, and for a file of no run."""
    stored = read_plain(file)
    lost = [key for key in NEEDED if not isinstance(stored.values.get(key), dict)]
    if lost:
        raise UserError(f"{_named(file)} is no run's config, or is damaged: it lacks {', '.join(lost)}.")
    return stored


def read_plain(file: Path) -> StoredConfig:
    """The settings in a file, whatever groups it has.

    Nothing in the file is computed: no interpolation (which could read the environment), no tag (which could name code), no
    alias (a few of which stand for millions of values).

    Raises:
        UserError: no such file, no YAML, or one that holds any of these.
    """
    what = _named(file)
    if not file.is_file():
        state = "is a folder: name its config.yaml" if file.is_dir() else "is not there: give the config.yaml of a run's folder"
        raise UserError(f"{what} {state}.")
    if file.stat().st_size > LARGEST:
        raise UserError(f"{what} is larger than {LARGEST // 2**20} MiB: it is no run's config.yaml.")
    try:
        text = file.read_text(encoding="utf-8")
        _check_events(text, what)
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise UserError(f"{what} is damaged: {first_line(error.problem or 'no YAML')}{line}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{what} is damaged: {first_line(str(error))}.") from error
    groups = content if isinstance(content, dict) else {}
    _check_plain(groups, "", what)
    return StoredConfig(groups)


def _named(file: Path) -> str:
    return f"The stored config {str(file)!r}"


def _check_events(text: str, what: str) -> None:
    """Raise UserError for an alias, a tag and deep nesting, before any value is made."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"{what} holds an alias (*{event.anchor}) in line {line}: a stored config has its values in full.")
        tag = getattr(event, "tag", None)
        if tag and not isinstance(event, yaml.CollectionEndEvent):
            raise UserError(f"{what} holds a tag ({tag}) in line {line}: a stored config names no kind of object.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UserError(f"{what} is damaged: more than {DEEPEST} groups inside each other in line {line}.")


def _check_plain(value: Any, key: str, what: str) -> None:
    """Raise UserError for an interpolation, for a key that is no text, and for a value such as a date, that no key takes."""
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str) or "${" in name or ("." in name and not key.startswith(KEYED_BY_USERS)):
                raise UserError(f"{what} holds the key {name!r} under {key or 'the config'!r}, which is no config key.")
            _check_plain(part, f"{key}.{name}" if key else name, what)
    elif isinstance(value, list):
        for part in value:
            _check_plain(part, key, what)
    elif isinstance(value, str):
        if "${" in value:
            raise UserError(
                f"{what} has {value!r} at {key!r}: a stored config holds plain values, and reads neither other keys nor the "
                "environment. Write the value."
            )
    elif not isinstance(value, int | float | None):
        raise UserError(f"{what} has {str(value)!r} at {key!r}, which no key takes: write text in quotes.")


KEYED_BY_USERS = ("concepts.synonyms", "templates.articles", "protocol.")
"""Mappings whose keys are names and dotted keys."""
