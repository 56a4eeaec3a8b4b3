"""Keys and ranges that several solvers' settings have."""

from __future__ import annotations

import math
from typing import Any

from erasepro.errors import UserError

TOKENS = ("text_token_policy", "cross_attention_token_policy", "token_policy", "preserve_tokens")
"""Keys that say which tokens a solver reads."""


def check_positive(settings: Any, *keys: str, zero: bool = False) -> None:
    """Raise UserError unless these values are positive and finite (0 too, where allowed)."""
    for key in keys:
        value = getattr(settings, key)
        if not (value >= 0 if zero else value > 0) or value == math.inf:
            raise UserError(f"solver.{key} must be {'0 or more' if zero else 'positive'}; got {value}.")


def check_counts(settings: Any, *keys: str, least: int = 1) -> None:
    """Raise UserError for a number below the least that there can be."""
    for key in keys:
        value = getattr(settings, key)
        if value < least:
            raise UserError(f"solver.{key} must be {least} or more; got {value}.")
