"""What an edit's meta data says, read for people."""

from __future__ import annotations

import re
from typing import Any


def pairs_of(meta: dict[str, Any]) -> list[list[str]]:
    """The (target, anchor) pairs that an edit states; none where it states none."""
    return list(meta.get("concepts", {}).get("pairs", []))


def source_of(model: dict[str, Any]) -> str:
    """What `load_model` is to be given: a hub id, a shipped model's name, or "" for a folder or an unknown place."""
    if model.get("kind") == "miniature":
        return "miniature"
    source = str(model.get("source") or "")
    return source if re.fullmatch(r"[\w.-]+/[\w.-]+", source) and source[0] not in "./~" else ""


def architecture_name(meta: dict[str, Any]) -> str:
    """The name of the base model's architecture; "" where an older edit does not say it."""
    return str(meta.get("model", {}).get("architecture") or "")


def anchor_heading(meta: dict[str, Any]) -> str:
    """What a table of pairs calls their anchors: some methods move a target away from itself, and not to its anchor."""
    return "drawn in its place" if meta.get("uses_anchor", True) else "anchor, which this method does not use"


def at_full_strength(strength: float) -> str:
    """That stated residuals are not those of an edit of another strength; "" for the full one."""
    return "" if strength == 1 else f"These hold at strength 1; this edit has strength {strength:g}."
