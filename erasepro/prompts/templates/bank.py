"""Phrasings: one bank a kind of model and concept, each with three disjoint parts (build, validation, test).

Slots: ``{c}`` the concept with its article ("a dog"), ``{n}`` its bare name, ``{a}`` its article before an adjective
("{a}cute {n}": "a cute dog", "cute grapes"), ``{s}`` a style, ``{b}`` a background,
``{z}`` a phrase for the size, ``{e}`` a harmless extra clause. ``{x}`` in a style bank is the thing drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from erasepro.errors import UserError, unknown

PHRASINGS = ("plain", "complex", "paraphrase")
SPLITS = ("test", "validation")
_SLOT = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Bank:
    """Templates that build an edit, that serve to choose defaults (validation), and that are reported (test)."""

    build: tuple[str, ...]
    validation: Mapping[str, tuple[str, ...]]
    test: Mapping[str, tuple[str, ...]]

    def of(self, split: str) -> Mapping[str, tuple[str, ...]]:
        """The split's templates by phrasing. Raises UserError for an unknown split."""
        if split not in SPLITS:
            raise unknown("split of prompts", split, SPLITS)
        return self.validation if split == "validation" else self.test


def slots(template: str) -> set[str]:
    """The names between braces in a template."""
    return set(_SLOT.findall(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its slots replaced; braces inside a value stay as they are."""
    return _SLOT.sub(lambda match: values[match.group(1)], template)


def check_template(template: str, erased: tuple[str, ...], allowed: tuple[str, ...], key: str) -> None:
    """Raise UserError for a user's template without a slot for what is erased, or with a slot that is not allowed."""
    found = slots(template)
    wrong = sorted(found - set(allowed))
    if wrong:
        raise UserError(
            f"{key} has {template!r} with the unknown slot {{{wrong[0]}}}: slots here are {_shown(allowed)}."
        )
    if not found & set(erased):
        raise UserError(f"{key} has {template!r} without a place for the concept: put {_shown(erased)} where it goes.")


def _shown(names: tuple[str, ...]) -> str:
    return " or ".join(f"{{{name}}}" for name in names)
