"""Rows of a local file: CSV, TSV, JSON lines, Parquet, or plain lines. Data only: nothing that could run code is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.runtime.delimiter import delimiter_of

LINE = "line"
"""The only column of a .txt file."""
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


@dataclass(frozen=True)
class Record:
    """One row: its place in the file (a line, or a row of Parquet; both from 1), and its cells by column."""

    place: str
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A file's columns, in its order, and its rows."""

    path: Path
    columns: tuple[str, ...]
    records: tuple[Record, ...]


def read_table(path: Path, key: str, needed: Iterable[str] = ()) -> Table:
    """The rows of a file, by its suffix.

    ``key`` is the config key named in errors; ``needed``: columns that are read from Parquet besides all texts (images
    are left there). Raises UserError for a missing, unreadable or empty file, another format, text that is not UTF-8, and
    a row that does not fit the header, with its line.
    """
    known = ", ".join(READERS)
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{key}={str(path)!r}: {what}; give a file of one of {known}.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{key}={str(path)!r}: {path.suffix or 'a file without suffix'} is not read; save it as one of {known}."
        )
    try:
        columns, records = reader(path, set(needed))
    except UnicodeDecodeError as error:
        raise UserError(f"{key}={str(path)!r} is not UTF-8 text ({error.reason}): save it as UTF-8.") from error
    except (csv.Error, _Damaged) as error:
        raise UserError(f"{key}={str(path)!r} cannot be read: {error}.") from error
    except OSError as error:
        raise UserError(f"{key}={str(path)!r} cannot be read ({error.strerror or error}).") from error
    if not records:
        raise UserError(f"{key}={str(path)!r} holds no rows.")
    return Table(path, columns, records)


class _Damaged(Exception):
    """What is wrong, and where in the file."""


_Content = tuple[tuple[str, ...], tuple[Record, ...]]


def _csv(path: Path, _: set[str]) -> _Content:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        usual = "\t" if path.suffix.lower() == ".tsv" else ","
        rows = csv.reader(stream, delimiter=delimiter_of(stream, usual), strict=True)
        header = tuple(name.strip() for name in next(rows, []))
        for name in header:
            if name and header.count(name) > 1:
                raise _Damaged(f"its header names {name!r} twice")
        return header, tuple(_csv_records(rows, header))


def _csv_records(rows: Any, header: tuple[str, ...]) -> Iterator[Record]:
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise _Damaged(
                f"line {rows.line_num} has {len(row)} cells and the header {len(header)} (a text that holds "
                f"{SEPARATORS[rows.dialect.delimiter]} needs quotes)"
            )
        yield Record(f"line {rows.line_num}", dict(zip(header, row, strict=True)))


def _json_lines(path: Path, _: set[str]) -> _Content:
    columns: dict[str, None] = {}
    records = []
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line, object_pairs_hook=_once)
                json.dumps(cells, ensure_ascii=False).encode()  # half a surrogate pair could not be stored
            except json.JSONDecodeError as error:
                raise _Damaged(f"line {number} is no JSON ({error.msg})") from error
            except (ValueError, RecursionError) as error:
                why = {UnicodeEncodeError: "half a character, \\ud800", RecursionError: "too many brackets"}
                raise _Damaged(f"line {number} cannot be used ({why.get(type(error), error)})") from error
            if not isinstance(cells, dict):
                raise _Damaged(f"line {number} is no JSON object with a value for each column")
            columns |= dict.fromkeys(cells)
            records.append(Record(f"line {number}", cells))
    return tuple(columns), tuple(records)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it names {next(name for name in names if names.count(name) > 1)!r} twice")
    return found


def _lines(path: Path, _: set[str]) -> _Content:
    with path.open(encoding="utf-8-sig") as stream:
        lines = [(number, line.strip()) for number, line in enumerate(stream, start=1)]
    return (LINE,), tuple(Record(f"line {number}", {LINE: line}) for number, line in lines if line)


def _parquet(path: Path, needed: set[str]) -> _Content:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            if twice := {name for name in schema.names if schema.names.count(name) > 1}:
                raise _Damaged(f"it names the column {min(twice)!r} twice")
            chosen = [field.name for field in schema if field.name in needed or _holds_text(field.type)]
            rows = [row for batch in file.iter_batches(columns=chosen) for row in batch.to_pylist()]
    except pyarrow.ArrowException as error:
        raise _Damaged(f"it is no whole Parquet file ({str(error).splitlines()[0].rstrip('.')})") from error
    return tuple(schema.names), tuple(Record(f"row {number}", row) for number, row in enumerate(rows, start=1))


def _holds_text(kind: Any) -> bool:
    """Whether a column's type has texts, also in lists and records, and no bytes (images, which are left in the file)."""
    name = str(kind)
    return "string" in name and "binary" not in name


READERS: dict[str, Callable[[Path, set[str]], _Content]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
    ".txt": _lines,
}
