"""Values that a paper states, beside our own: a column "published" and a column "Δ" behind each that it has values for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from erasepro.errors import UserError, nearest
from erasepro.report.cells import NOTHING, short
from erasepro.report.number_cell import NumberCell, number_of
from erasepro.report.table import Table

PUBLISHED = "published"
DIFFERENCE = "Δ"


@dataclass(frozen=True)
class Published:
    """What a source states, in the units of the table that it stands beside.

    Attributes:
        values: the row's first cell, its method (of several key columns their cells with blanks between) -> the name of a
            column -> the value. A text keeps its digits, ``"0.10"``.
        source: where the values are from; of each row its own, named likewise, or one for all.
    """

    values: Mapping[str, Mapping[str, float | str]]
    source: str | Mapping[str, str] = ""

    @classmethod
    def of(cls, node: Any) -> Published:
        """The values that a yaml file holds under ``published:``: ``{source: TEXT, values: {METHOD: {COLUMN: NUMBER}}}``.

        ``source`` may be a text for each method. A value that is null is unknown.

        Raises:
            UserError: another form, a value that is no number, or values without a source.
        """
        form = "published: {source: TEXT, values: {METHOD: {COLUMN: NUMBER}}}"
        if not isinstance(node, Mapping) or set(node) - {"source", "values"}:
            raise UserError(f"Bad value for 'published': got {str(node)[:80]!r}, this form is expected: {form}.")
        values, source = node.get("values") or {}, node.get("source") or ""
        if not isinstance(values, Mapping) or not all(isinstance(row, Mapping) for row in values.values()):
            raise UserError(f"Bad value for 'published.values': this form is expected: {form}.")
        rows = {
            str(label): {str(name): value for name, value in row.items() if value is not None}
            for label, row in values.items()
        }
        for label, row in rows.items():
            for name, value in row.items():
                if not _is_number(value):
                    raise UserError(f"Bad value for 'published.values.{label}.{name}': got {value!r}, a number is expected.")
        sources = dict(source) if isinstance(source, Mapping) else dict.fromkeys(rows, source)
        unsourced = [label for label, row in rows.items() if row and not str(sources.get(label) or "").strip()]
        if unsourced:
            raise UserError(
                f"The published values of {', '.join(unsourced)} have no source: name the paper and its table in "
                "'published.source'."
            )
        return cls(rows, {str(k): str(v) for k, v in source.items()} if isinstance(source, Mapping) else str(source))


def with_published(table: Table, published: Published) -> Table:
    """The table with two columns more behind each column that a published value is known of.

    "published" holds the value, "Δ" ours minus it; both are "–" in rows of which no value is known, Δ also where ours is not.
    Where several columns have published values, their names stand behind those words. The source, and values of which the
    table has no row, are named in the note. The new columns rank nobody. A table without any published value is unchanged.

    Args:
        table: a row a method, or a combination of what its key columns say.
        published: values in the units of the table. A column is named by its header, or by its header without arrow,
            parentheses and protocol: ``clip_accuracy_top1``, ``retention all``.

    Raises:
        UserError: a name that is no column's, or that two columns bear.
    """
    names = list(dict.fromkeys(name for row in published.values.values() for name in row))
    if not names:
        return table
    columns = {_column(table, name) for name in names}
    several = len(columns) > 1
    header: list[str] = []
    directions: list[bool | None] = []
    rows: list[list[str]] = [[] for _ in table.rows]
    for place, title in enumerate(table.header):
        header.append(title)
        directions.append(table.directions[place])
        for row, cells in zip(rows, table.rows, strict=True):
            row.append(cells[place])
        if place in columns:
            suffix = f" {plain_name(title)}" if several else ""
            header += [f"{PUBLISHED}{suffix}", f"{DIFFERENCE}{suffix}"]
            directions += [None, None]
            for row, cells in zip(rows, table.rows, strict=True):
                row += _beside(cells[place], _value(published, table, cells, place))
    return replace(
        table,
        header=tuple(header),
        rows=tuple(map(tuple, rows)),
        note="\n".join(filter(None, [table.note, *_notes(table, published)])),
        higher_is_better=tuple(directions) if table.higher_is_better else (),
    )


def plain_name(header: str) -> str:
    """A column's name without arrow, what stands in parentheses, and protocol."""
    return " ".join(re.sub(r"\([^)]*\)|\[[^\]]*\]|[↑↓]", " ", header).split())


def _label(table: Table, cells: Sequence[str]) -> str:
    """What a row is: its key cells."""
    return " ".join(cells[: table.keys])


def _column(table: Table, name: str) -> int:
    """The place of the column of this name."""
    measures = list(enumerate(table.header))[table.keys :]
    places = [place for place, title in measures if title == name]
    places = places or [place for place, title in measures if plain_name(title) == plain_name(name)]
    if len(places) == 1:
        return places[0]
    if places:
        meant = " or ".join(repr(table.header[place]) for place in places)
        raise UserError(f"The published value {name!r} may be of several columns: write {meant}.")
    known = [plain_name(title) for _, title in measures]
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near else ""
    raise UserError(f"The published value {name!r} is of no column.{hint} Columns: {', '.join(known)}.")


def _value(published: Published, table: Table, cells: Sequence[str], place: int) -> float | str | None:
    row = published.values.get(_label(table, cells), {})
    return next((value for name, value in row.items() if _column(table, name) == place), None)


def _beside(ours: str, value: float | str | None) -> tuple[str, str]:
    """The cells "published" and "Δ"."""
    if value is None:
        return NOTHING, NOTHING
    text = value.strip() if isinstance(value, str) else f"{value:g}"
    theirs = NumberCell(text, float(value))
    number = number_of(ours)
    if number is None:
        return theirs, NOTHING
    difference = number.value - theirs.value
    sign = "" if difference < 0 else "+"
    return theirs, NumberCell(f"{sign}{short(difference)}", difference, number.stderr, number.n)


def _notes(table: Table, published: Published) -> list[str]:
    labels = [_label(table, row) for row in table.rows]
    shown = [label for label in labels if published.values.get(label)]
    if isinstance(published.source, str):
        texts = [published.source] if published.source else []
    else:
        by_text: dict[str, list[str]] = {}
        for label in dict.fromkeys(shown):
            by_text.setdefault(published.source.get(label, "no source stated"), []).append(label)
        texts = [f"{', '.join(rows)}: {text}" for text, rows in by_text.items()]
    lines = [f"{PUBLISHED}: {'; '.join(texts)}. {DIFFERENCE}: ours minus published."] if shown else []
    absent = [label for label, row in published.values.items() if row and label not in labels]
    return [*lines, *([f"Published, without a row of that name: {', '.join(absent)}."] if absent else [])]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
