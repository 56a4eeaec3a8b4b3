"""Notes on the command line: what is no mistake, and yet not what the words say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from erasepro.errors import UserError
from erasepro.runtime import distributed

if TYPE_CHECKING:
    from erasepro.config.stored_config import StoredConfig


def tell_without_effect(overrides: Sequence[str], stored: StoredConfig) -> list[str]:
    """Print a line on stderr for each override that this run does not read; the lines, as printed."""
    from erasepro.runs.without_effect import lines_without_effect

    lines = lines_without_effect(overrides, stored) if distributed.is_main_process() else []
    notes = [f"erasepro: note: {line}" for line in lines]
    for note in notes:
        print(note, file=sys.stderr)
    return notes


def own_options(words: Sequence[str], known: Sequence[str]) -> Mapping[str, str]:
    """The options among the words of a verb (``key=value`` with a known key). Raises UserError for one given twice."""
    options: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in known:
            continue
        if key in options:
            raise UserError(f"{key}= is given twice, {options[key]!r} and {value!r}: keep one of them.")
        options[key] = value
    return options
