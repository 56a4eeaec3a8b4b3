"""One table, in five forms: text for the terminal, Markdown, HTML, LaTeX, CSV."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from erasepro.errors import visible
from erasepro.report.latex import latex_table
from erasepro.report.layout import lay_out
from erasepro.report.ranks import LEGEND, Rank, Ranks, rank_cells
from erasepro.report.spreadsheet import wide_csv
from erasepro.runtime.foreign_text import escape_markdown
from erasepro.runtime.html_table import html_table
from erasepro.runtime.terminal import terminal_width

UNLIMITED = 10_000
"""The width of a table in a file: nothing is wrapped."""
NOTE_WIDTH = 110
"""Columns of a note, where the terminal is wider."""

MARKDOWN = {Rank.BEST: "**{}**", Rank.SECOND: "<u>{}</u>"}
HTML = {Rank.BEST: "b", Rank.SECOND: "u"}


@dataclass(frozen=True)
class Table:
    """Cells of text. The first column is left aligned, the others right. ``note``: how to read it, printed below.

    A cell that is a `number_cell.NumberCell` has its number, which CSV writes in full. ``keys``: how many of the first columns
    say what a row is. ``may_turn``: rows and columns may change places where there is too little room. ``higher_is_better``:
    of the last columns, as many as it has, whether a greater number is a better row's, None for neither; of those, Markdown,
    HTML and LaTeX show the best in bold and the second best underlined. It counts from the end, so that what says what a row
    is may become more columns or fewer. Any text may be someone else's: each form shows it as
    nothing but itself.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    keys: int = 1
    may_turn: bool = False
    higher_is_better: tuple[bool | None, ...] = ()

    def __post_init__(self) -> None:
        if len(self.higher_is_better) > len(self.header):
            raise ValueError(f"{len(self.higher_is_better)} directions for {len(self.header)} columns")

    @property
    def directions(self) -> tuple[bool | None, ...]:
        """``higher_is_better`` with an entry for every column."""
        return (*[None] * (len(self.header) - len(self.higher_is_better)), *self.higher_is_better)

    @property
    def ranks(self) -> Ranks:
        """The best and the second best cells of the columns in which there are such."""
        return rank_cells(self.rows, self.directions)

    @property
    def full_note(self) -> str:
        """The note, and what the marks mean where cells are marked."""
        return "\n".join(filter(None, [self.note, LEGEND if self.ranks else ""]))

    def text(self, width: int | None = None) -> str:
        """The table and its note as plain text, no cell marked.

        Args:
            width: columns that no line passes; None: the terminal's.
        """
        width = terminal_width() if width is None else width
        grid = [[visible(cell) for cell in line] for line in (self.header, *self.rows)]
        title = textwrap.wrap(visible(self.title), width, break_on_hyphens=False)
        blocks = lay_out(grid, width, self.keys, self.may_turn)
        lines = title + [line for block in blocks for line in ("", *block.lines())]
        for line in self.note.splitlines():
            lines += textwrap.wrap(
                visible(" ".join(line.split())), min(width, NOTE_WIDTH), initial_indent=" ", subsequent_indent=" "
            )
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """The title, the table and its note as Markdown."""
        ranks = self.ranks
        rows = [
            [MARKDOWN[ranks[r, c]].format(escape_markdown(cell)) if (r, c) in ranks else escape_markdown(cell)
             for c, cell in enumerate(row)]
            for r, row in enumerate(self.rows)
        ]  # fmt: skip
        lines = [tuple(map(escape_markdown, self.header)), ("---", *("---:" for _ in self.header[1:])), *rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        note = "\n".join(map(escape_markdown, self.full_note.splitlines()))
        return f"**{escape_markdown(self.title)}**\n\n{body}\n" + (f"\n{note}\n" if note else "")

    def html(self) -> str:
        """A ``<div>`` with a ``<table>`` and its note, in ASCII alone: it needs no page, style sheet or charset around it."""
        tags = {place: HTML[rank] for place, rank in self.ranks.items()}
        page = html_table(self.title, self.header, self.rows, self.full_note, tags)
        ascii_page = page.encode("ascii", "xmlcharrefreplace").decode("ascii")
        return f"<div style='border-spacing:1em .3em'>{ascii_page}</div>\n"

    def _repr_html_(self) -> str:
        return self.html()

    def latex(self) -> str:
        r"""A ``table`` with the title as its caption, for ``\input``; the document loads ``booktabs``."""
        return latex_table(self.title, self.header, self.rows, self.full_note, self.ranks, self.may_turn)

    def csv(self) -> str:
        """Header and rows as CSV, without title and note; a column of numbers is followed by their errors and counts."""
        return wide_csv(self.header, self.rows)

    def write(self, stem: Path) -> list[Path]:
        """Write ``stem.txt``, ``stem.md``, ``stem.html``, ``stem.tex`` and ``stem.csv``; return their paths."""
        contents = {
            ".txt": self.text(UNLIMITED),
            ".md": self.markdown(),
            ".html": self.html(),
            ".tex": self.latex(),
            ".csv": self.csv(),
        }
        paths = []
        for suffix, content in contents.items():
            paths.append(stem.with_name(stem.name + suffix))
            paths[-1].write_text(content, encoding="utf-8")
        return paths
