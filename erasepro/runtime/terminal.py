"""How wide the terminal is, and text that fits it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping

USUAL_WIDTH = 80
"""Columns where nothing is known of a terminal."""
NARROWEST = 40
"""Columns below which nothing is made narrower: words would be cut to pieces."""


def terminal_width() -> int:
    """Columns of the terminal: COLUMNS where it is set, else the terminal's own, else 80; never below 40."""
    return max(shutil.get_terminal_size((USUAL_WIDTH, 24)).columns, NARROWEST)


def wrapped(text: str, width: int, indent: str = "") -> str:
    """One paragraph in lines of at most ``width`` columns. A longer word stays whole, so that it can be pasted.

    Args:
        indent: what every line behind the first begins with.
    """
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def definition_list(rows: Mapping[str, str], width: int) -> str:
    """Names in a column, with the text about each beside it, wrapped under itself.

    A name that is longer than a third of the width has its text on the lines below.
    """
    column = max((len(name) for name in rows if len(name) <= width // 3), default=0)
    lines = []
    for name, text in rows.items():
        indent = " " * (column + 2)
        if len(name) <= column:
            lines.append(wrapped(f"{name:<{column}}  {text}" if text else name, width, indent))
            continue
        lines += [name, *([wrapped(f"{indent}{text}", width, indent)] if text else [])]
    return "\n".join(lines)
