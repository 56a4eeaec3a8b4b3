"""Which columns a solve selected, in few letters: ``"0-3,7"`` is columns 0, 1, 2, 3 and 7."""

from __future__ import annotations

import re
from collections.abc import Iterable


def packed(columns: Iterable[int]) -> str:
    """Column numbers in ascending runs; "" for none."""
    runs: list[list[int]] = []
    for j in sorted(set(columns)):
        if runs and j == runs[-1][1] + 1:
            runs[-1][1] = j
        else:
            runs.append([j, j])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def unpacked(text: str) -> list[int]:
    """The numbers that `packed` wrote. ValueError for any other text."""
    numbers: list[int] = []
    for run in text.split(",") if text else ():
        if not re.fullmatch(r"\d+(-\d+)?", run):
            raise ValueError(f"not column numbers: {run!r}")
        first, _, last = run.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
