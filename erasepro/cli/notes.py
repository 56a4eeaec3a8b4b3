"""Notes on the command line: what is no mistake, and yet not what the words say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from erasepro.errors import UserError
from erasepro.runtime import distributed

if TYPE_CHECKING:
    from erasepro.config.stored_config import StoredConfig


def tell_without_effect(overrides: Sequence[str], stored: StoredConfig) -> None:
    """Print a line on stderr for each override that this run does not read."""
    from erasepro.runs.without_effect import lines_without_effect

    for line in lines_without_effect(overrides, stored) if distributed.is_main_process() else ():
        print(f"erasepro: note: {line}", file=sys.stderr)


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
