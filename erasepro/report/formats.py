"""The forms in which a report's tables are printed and stored: one text of all of them, or a folder with a file a table."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from erasepro.errors import OutOfSpace, UserError, unknown, visible
from erasepro.report.spreadsheet import LIST_HEADER, list_cells, write_csv
from erasepro.report.table import UNLIMITED, Table
from erasepro.report.table_names import name_tables
from erasepro.runtime.files import as_path, write_text
from erasepro.runtime.foreign_text import escape_markdown
from erasepro.runtime.html_table import html_line

FORMATS = {
    "text": (".txt",),
    "markdown": (".md", ".markdown"),
    "html": (".html", ".htm"),
    "latex": (".tex",),
    "csv": (".csv",),
}
"""Formats, and the endings of a file's name that say them; the first is the one that is written."""

SIGNS = {
    "text": "erasepro report",
    "markdown": "<!-- erasepro report -->",
    "html": "<!-- erasepro report -->",
    "latex": "% erasepro report",
}
"""The first line of a file of tables: only such a file is replaced. A CSV is known by its header."""


@dataclass(frozen=True)
class Destination:
    """Where tables go, and in which formats: to a file, each to its own file in a folder, or (no path) to the terminal."""

    formats: tuple[str, ...]
    path: Path | None = None
    is_folder: bool = False


def read_destination(word: str | None, out: str | None) -> Destination:
    """What ``format=`` and ``out=`` say. A folder without a format gets every format of every table.

    Args:
        word: a name of `FORMATS`, or an ending of theirs (md, tex); None: what the ending of ``out`` says, text for none.
        out: a file, or a folder, which is there or is written with a slash behind it; None: the terminal.

    Raises:
        UserError: an unknown format, one that is not that of out's ending, or an ending that says none.
    """
    form = None if word is None else read_format(word)
    if out is None:
        return Destination((form or "text",))
    path = as_path(out, "out").expanduser()
    if out.endswith("/") or path.is_dir():
        return Destination((form,) if form else tuple(FORMATS), path, is_folder=True)
    of_ending = {ending: name for name, endings in FORMATS.items() for ending in endings}.get(path.suffix.lower())
    if form and of_ending and form != of_ending:
        raise UserError(
            f"format={form} does not fit out={out!r}, whose ending says {of_ending}: end it in {FORMATS[form][0]}, or leave "
            "format= out."
        )
    if not form and not of_ending:
        endings = ", ".join(endings[0] for endings in FORMATS.values())
        raise UserError(
            f"out={out!r} tells no format: end it in {endings}, give format=…, or out={out}/ for a folder with a file a table."
        )
    return Destination((str(form or of_ending),), path)


def read_format(word: str) -> str:
    """The format of this name or of this ending. Raises UserError for an unknown one."""
    endings = {ending.removeprefix("."): name for name, endings in FORMATS.items() for ending in endings}
    form = word if word in FORMATS else endings.get(word.removeprefix("."))
    if form is None:
        raise unknown("format", word, FORMATS)
    return form


def render(tables: Sequence[Table], form: str, heading: str = "") -> str:
    """The tables in one text of a format, its sign first.

    Args:
        tables: in their order. CSV lists the cells of all (`spreadsheet.LIST_HEADER`), as their columns are different.
        form: a name of `FORMATS`.
        heading: one line about what they are of; "" for none. CSV has none.
    """
    if form == "csv":
        lines = (line for table in tables for line in list_cells(table.title, table.header, table.rows, table.keys))
        return write_csv([LIST_HEADER, *lines])
    above = {
        "text": f"{visible(heading)}\n",
        "markdown": f"{escape_markdown(heading)}\n",
        "html": html_line(heading).encode("ascii", "xmlcharrefreplace").decode("ascii"),
        "latex": f"% {visible(heading)}",
    }
    parts = [SIGNS[form], *([above[form]] if heading else []), *(render_table(table, form) for table in tables)]
    return "\n".join(parts)


def render_table(table: Table, form: str) -> str:
    """One table in a format, without a sign."""
    forms = {"markdown": table.markdown, "html": table.html, "latex": table.latex, "csv": table.csv}
    return forms[form]() if form in forms else table.text(UNLIMITED)


def store(tables: Sequence[Table], destination: Destination, heading: str = "") -> list[Path]:
    """Write the tables to the destination's path; the files that were written.

    Raises:
        UserError: a file of the name holds no tables of a report, or the place cannot be written to; nothing is replaced then.
    """
    if destination.path is None:
        raise ValueError("the destination has no path")
    contents: dict[Path, tuple[str, str]] = {}
    for form in destination.formats:
        ending = FORMATS[form][0]
        if not destination.is_folder:
            content = render(tables, form, heading)
            contents[destination.path] = content, content.partition("\n")[0]
            continue
        for name, table in name_tables(tables):
            sign = SIGNS.get(form, "")
            content = f"{sign}\n{render_table(table, form)}" if sign else render_table(table, form)
            # of a CSV the first column's name: the others change with what was measured
            contents[destination.path / f"{name}{ending}"] = content, sign or content.partition(",")[0]
    with writable():
        for path, (_, sign) in contents.items():
            if _is_foreign(path, sign):
                raise UserError(f"{str(path)!r} holds no tables of a report, so it is not replaced: move it, or delete it.")
        for path, (content, _) in contents.items():
            write_text(path, content)
    return list(contents)


def _is_foreign(path: Path, sign: str) -> bool:
    """Whether something is there that is neither empty nor begins with the sign."""
    if not path.exists():
        return False
    if not path.is_file():
        raise UserError(f"{str(path)!r} is no file: give another name.")
    with path.open(encoding="utf-8", errors="replace") as file:
        begin = file.read(len(sign))
    return bool(begin) and begin != sign


@contextmanager
def writable() -> Iterator[None]:
    """Tells in one line why what the block writes could not be written: UserError, OutOfSpace for a full disk."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space" if full else "give another place"
        line = f"Cannot write {str(error.filename or 'the tables')!r}: {error.strerror or error}; {hint}."
        raise (OutOfSpace if full else UserError)(line) from error
