"""What Hydra overrides say, read without composing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import OverrideType


def override_values(overrides: Sequence[str]) -> dict[str, Any]:
    """The value that each override gives its key or group. Raises Hydra's own errors for words that are no overrides."""
    return {parsed.key_or_group: parsed.value() for parsed in OverridesParser.create().parse_overrides(list(overrides))}


def named_keys(overrides: Sequence[str]) -> set[str]:
    """The dotted keys that overrides give a value, those inside ``{…}`` too."""
    keys: set[str] = set()
    for parsed in OverridesParser.create().parse_overrides(list(overrides)):
        if not parsed.is_sweep_override():
            keys |= set(_leaves(parsed.key_or_group, parsed.value()))
    return keys


def repeated_keys(overrides: Sequence[str]) -> dict[str, str]:
    """Each key that overrides set to different values → the last word, which holds. Additions (``+key=…``) are none."""
    words: dict[str, list[str]] = {}
    for parsed in OverridesParser.create().parse_overrides(list(overrides)):
        if parsed.type in (OverrideType.CHANGE, OverrideType.FORCE_ADD):
            words.setdefault(parsed.key_or_group, []).append((parsed.input_line or "").lstrip("+"))
    return {key: given[-1] for key, given in words.items() if len(set(given)) > 1}


def swept_words(overrides: Sequence[str]) -> str | None:
    """What a sweep goes over, as it was written (``solver=erasepro,uce seed=0,1``); None where nothing is swept.

    The same for each job of the sweep, and again when it is resumed.
    """
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    words = [override.input_line for override in parsed if override.is_sweep_override() and override.input_line]
    return " ".join(sorted(words)) or None


def _leaves(key: str, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [key]
    return [leaf for name, part in value.items() for leaf in _leaves(f"{key}.{getattr(name, 'text', name)}", part)]
