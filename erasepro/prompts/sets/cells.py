"""Cells as typed values: a text, a whole number, a number. An empty cell is None."""

from __future__ import annotations

import math
from typing import Any


def text_of(cell: Any) -> str | None:
    """A text without surrounding space. Raises ValueError for anything else."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        raise ValueError("no text")
    return cell.strip() or None


def number_of(cell: Any) -> float | None:
    """A finite number. Raises ValueError for anything else."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        raise ValueError("no number")
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        raise ValueError("no number") from None
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return value


def whole_of(cell: Any) -> int | None:
    """A whole number, exact however large (a seed may not fit a float). Raises ValueError for anything else."""
    if isinstance(cell, str) and cell.strip().lstrip("+-").isdecimal():
        return int(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    value = number_of(cell)
    if value is None:
        return None
    if value != int(value):
        raise ValueError("no whole number")
    return int(value)


def name_of(cell: Any) -> str | None:
    """An id or a label: a text or a whole number, as text. Raises ValueError for anything else."""
    if isinstance(cell, (int, float)):
        found = whole_of(cell)
        return None if found is None else str(found)
    return text_of(cell)
