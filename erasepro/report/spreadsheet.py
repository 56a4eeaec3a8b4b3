"""Tables as CSV: numbers at full precision, and no text that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from erasepro.errors import visible
from erasepro.report.number_cell import NumberCell, number_of

FORMULA = ("=", "+", "-", "@")
"""What a formula begins with."""

PARTS = ("stderr", "n", "original", "worst")
"""What stands beside a number, each in a column of its own."""

LIST_HEADER = ("table", "row", "column", "value", *PARTS, "text")


def wide_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table: a column of numbers ``X``, and behind it ``X stderr`` and ``X n`` where they are of images.

    ``X original`` and ``X worst`` follow where its cells show them. A cell of these columns without a number is empty.
    """
    columns = [[row[place] for row in rows] for place in range(len(header))]
    parts = [column for name, cells in zip(header, columns, strict=True) for column in _columns_of(name, cells)]
    return write_csv(zip(*parts, strict=True))


def list_cells(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], keys: int) -> Iterator[tuple[str, ...]]:
    """One table as lines of a list (`LIST_HEADER`), one a cell, which a spreadsheet filters and ``pandas`` pivots.

    Args:
        title, header, rows: text.
        keys: the first columns, which say what a row is; they are joined in ``row``.
    """
    for row in rows:
        label = " · ".join(row[:keys])
        for name, cell in zip(header[keys:], row[keys:], strict=True):
            number = number_of(cell)
            values = ["" for _ in range(1 + len(PARTS))]
            if number is not None:
                values = [repr(number.value), *(_part(number, part) for part in PARTS)]
            yield (*map(protect_text, (title, label, name)), *values, protect_text(cell))


def write_csv(lines: Iterable[Sequence[str]]) -> str:
    """Lines of cells, each as it stands, as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def protect_text(text: str) -> str:
    """A text with an apostrophe before it where a spreadsheet would take it for a formula; a number stays as it is."""
    shown = visible(text)
    if not shown.startswith(FORMULA):
        return shown
    try:
        float(shown)
    except ValueError:
        return f"'{shown}"
    return shown


def _columns_of(name: str, cells: Sequence[str]) -> list[list[str]]:
    """A column of text, or the columns of its numbers, the name of each first."""
    numbers = [number_of(cell) for cell in cells]
    if not any(isinstance(cell, NumberCell) for cell in cells):
        return [[protect_text(name), *map(protect_text, cells)]]
    columns = [[protect_text(name), *("" if cell is None else repr(cell.value) for cell in numbers)]]
    of_images = any(cell is not None and cell.n for cell in numbers)
    for part in PARTS:
        values = ["" if cell is None else _part(cell, part) for cell in numbers]
        if any(values) or (of_images and part in PARTS[:2]):
            columns.append([protect_text(f"{name} {part}"), *values])
    return columns


def _part(cell: NumberCell, part: str) -> str:
    value = getattr(cell, part)
    return "" if value is None or (part == "n" and not value) else repr(value)
