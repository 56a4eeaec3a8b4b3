"""Overrides that Hydra takes without a word and that do nothing, or not what they say, refused before it composes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from erasepro.config.expected_values import hint_at
from erasepro.config.paths import choices, groups
from erasepro.config.quoting import as_word, texts_quoted
from erasepro.config.schema import Config
from erasepro.errors import UserError
from erasepro.runtime.foreign_text import BREAKS, check_name

SEVERAL = ("debug", "experiments", "metrics", "prompts")
"""Groups of which several options can be chosen."""
SWEEP_KEYS = ("hydra/launcher", "hydra.launcher")
"""What of Hydra's own part has an effect, and only in a sweep: how its jobs are started."""
LONGEST_NAME = 200
"""Characters of an option's name: Hydra looks for a file of that name, and a file system takes 255 bytes."""


def check_overrides(overrides: Sequence[str], sweep: bool = False) -> None:
    """Raise UserError for an override without effect, for an option that is no name, and for text that Hydra reads as a number.

    Raises Hydra's own errors for words that are no overrides.
    """
    for word in overrides:
        check_name(word, "An override", allowed=BREAKS)
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except RecursionError:
        raise UserError("An override has more brackets than can be read: write 'concepts.pairs=[[dog,cat]]'.") from None
    for override in parsed:
        key = override.key_or_group
        if len(key) > LONGEST_NAME:  # Hydra looks for a file of that name too
            raise UserError(f"Unknown key of {len(key):,} letters ({key[:20]!r} …): `erasepro --cfg` shows all keys.")
        if key.split(".")[0] == "study":
            raise UserError(f"{override.input_line!r} has no effect: a study stands in its file (`erasepro help study`).")
        if key == "method":
            raise UserError(f"{override.input_line!r} cannot be given: a method is named by its solver. Write solver=uce_best.")
        if key.split(".")[0].split("/")[0] == "hydra" and not (sweep and key.startswith(SWEEP_KEYS)):
            raise UserError(
                f"{override.input_line!r} has no effect here: folders, logs and sweeps are erasepro's own; outputs.dir=… is "
                "where runs go, -m runs several jobs."
            )
        _check_texts(key, (override.input_line or "").partition("=")[2])
        if not override.is_sweep_override() and not override.is_delete():
            _check_value(key, override.value(), override.input_line or key)
            if key in groups():
                _check_option(key, override.value())


def _check_value(key: str, value: Any, word: str) -> None:
    if value == {}:
        raise UserError(f"{word!r} changes nothing, as settings are merged key by key: give keys, or leave it out.")
    if hint_at(Config, key) is bool and isinstance(value, int | float) and value not in (0, 1):
        raise UserError(f"Bad value for {key!r}: got {str(value)!r}, expected true or false.")


def _check_option(group: str, value: Any) -> None:
    if isinstance(value, list):
        wrong = [item for item in value if not isinstance(item, str | QuotedString)]
        if wrong and group != "metrics":
            raise UserError(f"Bad value for {group!r}: got {wrong[0]!r} in it, expected {choices(group)}.")
        if group not in SEVERAL:
            names = [str(getattr(item, "text", item)) for item in value]
            hint = f"write {group}={names[0]}" if len(names) == 1 else f"choose one, or -m {group}={','.join(names) or '…'}"
            raise UserError(f"Bad value for {group!r}: got a list, and it takes one option: {hint}.")
    if isinstance(value, str) and len(value) > LONGEST_NAME:
        raise UserError(f"Unknown {group} of {len(value):,} letters ({value[:20]!r} …): expected {choices(group)}.")


def _check_texts(key: str, value: str) -> None:
    """Raise UserError, with the line that says it right, where Hydra reads a text as true, false or another number."""
    kind = re.sub(r"<class '(\w+)'>", r"\1", str(hint_at(Config, key))).removesuffix(" | None")
    if kind not in ("str", "list[str]", "list[list[str]]"):
        return
    quoted = texts_quoted(value, numbers_stay=kind != "list[list[str]]")
    if quoted != value:
        raise UserError(
            f"Bad value for {key!r}: Hydra reads part of {value!r} as true, false or a number, and the key takes text: "
            f"write {as_word(key, quoted)}."
        )
