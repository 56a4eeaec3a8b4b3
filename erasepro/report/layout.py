"""Cells set in columns that fit a width: headers wrapped, rows and columns exchanged, or the columns in several blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

GAP = 2
"""Spaces between two columns."""
LABEL = 24
"""Columns that the first column keeps where its text is wrapped."""

Grid = Sequence[Sequence[str]]
"""Rows of cells, the header first; all of one length."""


@dataclass(frozen=True)
class Block:
    """Columns that are set beside each other: the cells of each, the header's first, and the width of each."""

    columns: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]

    def lines(self) -> list[str]:
        """The header, a rule, the rows: the first column to the left, the others to the right."""
        header, *rows = (
            [_wrap(cell, width) for cell, width in zip(row, self.widths, strict=True)]
            for row in zip(*self.columns, strict=True)
        )
        rule = " " + "─" * (sum(self.widths) + GAP * (len(self.widths) - 1))
        return [*self._set(header, bottom=True), rule, *(line for row in rows for line in self._set(row))]

    def _set(self, cells: Sequence[list[str]], bottom: bool = False) -> list[str]:
        height = max(map(len, cells))
        lines = []
        for number in range(height):
            parts = []
            for place, (cell, width) in enumerate(zip(cells, self.widths, strict=True)):
                at = number - (height - len(cell)) if bottom else number
                text = cell[at] if 0 <= at < len(cell) else ""
                space = " " * (width - cell_len(text))
                parts.append(text + space if place == 0 else space + text)
            lines.append((" " + (" " * GAP).join(parts)).rstrip())
        return lines


def lay_out(grid: Grid, width: int, keys: int = 1, may_turn: bool = False) -> list[Block]:
    """Blocks of columns, none wider than ``width``, that together hold every cell.

    One block where that can be, with its headers and its first column wrapped if need be; else the fewest blocks, each with as
    many columns as the others, behind the key columns, which every block repeats.

    Args:
        grid: the header and the rows.
        width: in the terminal's columns, with the space that every line begins with.
        keys: the first columns, which say what a row is.
        may_turn: rows and columns may change places, where that makes fewer blocks.
    """
    upright = _blocks(grid, width, keys)
    if len(upright) > 1 and may_turn:
        turned = _blocks(list(zip(*grid, strict=True)), width, 1)
        if len(turned) < len(upright):
            return turned
    return upright


def _blocks(grid: Grid, width: int, keys: int) -> list[Block]:
    columns = [tuple(column) for column in zip(*grid, strict=True)]
    least = [_least_width(column, is_label=place == 0) for place, column in enumerate(columns)]
    fixed, room = sum(least[:keys]) + GAP * (keys - 1) + 1, width
    fits = all(fixed + GAP + size <= room for size in least[keys:])
    if not fits:  # a single column is too wide: its cells are wrapped as well
        fixed = min(fixed, max(room // 2, room - GAP - max(least[keys:], default=0)))
        least[0] = max(fixed - 1 - sum(least[1:keys]) - GAP * (keys - 1), 6)
        fixed = sum(least[:keys]) + GAP * (keys - 1) + 1
        least[keys:] = [min(size, max(room - fixed - GAP, 6)) for size in least[keys:]]
    sizes = least[keys:]
    number = _count_blocks(sizes, room - fixed)
    parts = _even_parts(sizes, number, room - fixed)
    blocks = []
    for start, end in parts:
        chosen = [*range(keys), *range(keys + start, keys + end)]
        blocks.append(_widened([columns[i] for i in chosen], [least[i] for i in chosen], room))
    return blocks


def _count_blocks(sizes: Sequence[int], room: int) -> int:
    """The fewest blocks that columns of these sizes take, filled one after the other."""
    return len(_filled(sizes, room, len(sizes)))


def _filled(sizes: Sequence[int], room: int, most: int) -> list[tuple[int, int]]:
    """Ranges of columns, each as long as the room and ``most`` let it be."""
    parts: list[tuple[int, int]] = []
    start, used = 0, 0
    for place, size in enumerate(sizes):
        if place > start and (used + GAP + size > room or place - start == most):
            parts.append((start, place))
            start, used = place, 0
        used += GAP + size
    return [*parts, (start, len(sizes))]


def _even_parts(sizes: Sequence[int], number: int, room: int) -> list[tuple[int, int]]:
    """The columns in this many ranges, as even as the room allows."""
    fewest = -(-len(sizes) // number)
    for most in range(fewest, len(sizes) + 1):
        parts = _filled(sizes, room, most)
        if len(parts) == number:
            return parts
    return _filled(sizes, room, len(sizes))


def _least_width(column: Sequence[str], is_label: bool) -> int:
    """Where the header is wrapped between words; the cells are whole, but those of the first column may be wrapped too."""
    words = max((cell_len(word) for word in column[0].split()), default=1)
    cells = max(map(cell_len, column[1:]), default=1)
    if is_label:
        longest = max((cell_len(word) for cell in column[1:] for word in cell.split()), default=1)
        cells = min(cells, max(longest, LABEL))
    return max(words, cells, 1)


def _widened(columns: Sequence[tuple[str, ...]], least: Sequence[int], room: int) -> Block:
    """The columns with the space that is left: first to those with the most lines, until none needs more."""
    widths = list(least)
    left = room - 1 - sum(widths) - GAP * (len(widths) - 1)
    while left > 0:
        lines = [
            max((len(_wrap(cell, size)), cell_len(cell)) for cell in column)
            for column, size in zip(columns, widths, strict=True)
        ]
        place = max(range(len(widths)), key=lambda i: lines[i])
        if lines[place][0] <= 1:
            break
        widths[place] += 1
        left -= 1
    return Block(tuple(columns), tuple(widths))


def _wrap(cell: str, width: int) -> list[str]:
    """A cell in lines of at most this width, broken between words, and inside a word that is wider."""
    lines = [""]
    for word in cell.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        if cell_len(word) <= width:
            lines.append(word)
            continue
        parts = chop_cells(word, width)
        lines += parts
    return [line for line in lines if line] or [""]
