"""A cell's text that still knows its number: tables are text, but who ranks cells or writes a CSV needs what was rounded."""

from __future__ import annotations

import math


class NumberCell(str):
    """The text of a cell, ``0.250±0.108``, with the number that it shows. It is that text wherever text is expected."""

    value: float
    """As it was counted, at full precision."""
    stderr: float | None
    """One standard error; None where it is not known."""
    n: int
    """Images behind the number; 0 where it is not of images."""
    original: float | None
    """The original model's number, where the cell shows both."""
    worst: float | None
    """The worst of several runs, where the value is their mean."""
    rounded: float
    """The number as the text shows it: two cells that read alike rank alike."""

    def __new__(
        cls,
        text: str,
        value: float = math.nan,
        stderr: float | None = None,
        n: int = 0,
        *,
        original: float | None = None,
        worst: float | None = None,
        rounded: float | None = None,
    ) -> NumberCell:
        """A cell that shows ``text``.

        Args:
            text: what is printed.
            value, stderr, n, original, worst: see the attributes.
            rounded: the value as ``text`` shows it; None: the value itself.
        """
        cell = super().__new__(cls, text)
        cell.value, cell.stderr, cell.n, cell.original, cell.worst = float(value), stderr, n, original, worst
        cell.rounded = cell.value if rounded is None else float(rounded)
        return cell

    def with_text(self, text: str, original: float | None = None) -> NumberCell:
        """The same number in another text; ``original``: the original model's number, which the text shows too."""
        before = self.original if original is None else original
        return NumberCell(
            text, self.value, self.stderr, self.n, original=before, worst=self.worst, rounded=self.rounded
        )


def number_of(cell: str) -> NumberCell | None:
    """The cell where a number stands in it, else None."""
    return cell if isinstance(cell, NumberCell) and not math.isnan(cell.value) else None
