"""Text inside an override: what Hydra reads only in quotes, what it takes for a number, and the line that says it right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

NEEDS_QUOTES = r"[^\w /\\.$%*@?|:+\t-]|[^\x00-\x7f]"
"""What Hydra reads in a value only inside quotes."""
LITERAL = r"true|false|[+-]?(inf|nan|\d[\d_]*(\.[\d_]*)?(e[+-]?\d+)?|\.\d[\d_]*(e[+-]?\d+)?)"
"""What Hydra reads as true, false or a number where it stands without quotes."""


def as_word(key: str, value: str) -> str:
    """An override as a shell takes it: ``'concepts.pairs=[[dog,cat]]'``."""
    return shlex.quote(f"{key}={value}")


def readable(key: str, value: str) -> str | None:
    """The value with quotes around each part that Hydra cannot read without: ``[[O'Keeffe,cat]]`` → ``[["O'Keeffe",cat]]``.

    None where quotes do not help: brackets that do not match, or nothing that needs quotes.
    """
    changed = _with_quotes(value, lambda part: re.search(NEEDS_QUOTES, part) is not None)
    if changed == value:
        return None
    try:
        OverridesParser.create().parse_override(f"{key}={changed}")
    except HydraException:
        return None
    return changed


def texts_quoted(value: str, numbers_stay: bool) -> str:
    """The value with quotes around true, false and numbers, so that each is text as it was written.

    Args:
        value: of an override, for example ``[[true,cat]]``.
        numbers_stay: leave what becomes the same text anyway (``7``, ``1.5``).
    """

    def is_changed(part: str) -> bool:
        if not re.fullmatch(LITERAL, part, re.IGNORECASE):
            return False
        read = OverridesParser.create().parse_override(f"x={part}").value()
        return str(read) != part or (not numbers_stay and not isinstance(read, str))

    return _with_quotes(value, is_changed)


def _with_quotes(value: str, needs: Callable[[str], bool]) -> str:
    """Quotes around those parts of a value, between brackets and commas, that stand in none and need them."""
    ends = r"\[\]{}:," if "{" in value else r"\[\],"
    part = re.compile(rf"""\s*(["'])(?:\\.|(?!\1).)*\1\s*(?=[{ends}]|$)|[{ends}]|[^{ends}]+""", re.DOTALL)
    out = []
    for match in part.finditer(value):
        text = match.group()
        bare = not match.group(1) and not re.fullmatch(rf"[{ends}]", text)
        out.append('"' + text.strip().replace('"', '\\"') + '"' if bare and needs(text.strip()) else text)
    return "".join(out)
