r"""A table as a LaTeX fragment: a ``table`` with a booktabs ``tabular``, to be read with ``\input``; no preamble."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from erasepro.report.number_cell import number_of
from erasepro.report.ranks import Rank, Ranks
from erasepro.runtime.latex_text import escape_latex

PAGE = 100
"""Letters, about, that fit beside each other at ``\\small``: a wider table has rows and columns exchanged, where it may."""
HEADER_WIDTH = 14
"""Letters of a line of the header, where its column is narrower."""

FITTED = r"\ifdim\wd0>\linewidth\ifdefined\resizebox\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi\else\usebox0\fi"
"""Sets the table, scaled down where it is wider than the line; that takes graphicx, and the table stays as it is without."""

NEEDS = r"\usepackage{booktabs}; with graphicx a table wider than the line is scaled to it"

COMMANDS = {Rank.BEST: r"\textbf", Rank.SECOND: r"\underline"}
EXPONENT = re.compile(r"(\d)e([+-])0*(\d+)")


def latex_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], note: str, ranks: Ranks, may_turn: bool
) -> str:
    r"""A ``table`` float: the title is its caption, the note stands below. Needs ``\usepackage{booktabs}``.

    Where the document loads ``graphicx``, a table that is wider than the line is scaled to it.

    Args:
        title, header, rows, note: text, escaped here; the first column is left aligned, the others right.
        ranks: cells that are set bold or underlined.
        may_turn: rows and columns may change places where the page is too narrow.
    """
    grid = [[_header_cell(name, [row[place] for row in rows]) for place, name in enumerate(header)]]
    grid += [[_cell(cell, ranks.get((r, c))) for c, cell in enumerate(row)] for r, row in enumerate(rows)]
    if may_turn and _is_wide(header, rows):
        grid = [[escape_latex(header[0]), *(escape_latex(row[0]) for row in rows)]] + [
            [escape_latex(name), *(grid[1 + r][1 + c] for r in range(len(rows)))] for c, name in enumerate(header[1:])
        ]
    first, *others = (" & ".join(line) + r" \\" for line in grid)
    lines = [
        "% " + NEEDS, r"\begin{table}", r"\centering", f"\\caption{{{escape_latex(title)}}}", r"\par\smallskip",
        r"\sbox0{\small\setlength{\tabcolsep}{4pt}%",
        f"\\begin{{tabular}}{{l{'r' * (len(grid[0]) - 1)}}}",
        r"\toprule", first, r"\midrule", *others, r"\bottomrule", r"\end{tabular}}%", FITTED,
    ]  # fmt: skip
    if note:
        paragraphs = "\\par\n".join(escape_latex(line) for line in note.splitlines())
        lines += [r"\par\smallskip", f"\\parbox{{\\linewidth}}{{\\footnotesize {paragraphs}}}"]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _is_wide(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table passes the page, and is narrower with rows and columns exchanged."""
    upright = sum(2 + _column_width(name, [row[c] for row in rows]) for c, name in enumerate(header))
    turned = 2 + max(map(len, header)) + sum(2 + max(map(len, row)) for row in rows)
    return upright > PAGE and turned < upright


def _column_width(name: str, cells: Sequence[str]) -> int:
    return max([*map(len, _header_lines(name, cells)), *map(len, cells)], default=0)


def _header_lines(name: str, cells: Sequence[str]) -> list[str]:
    width = max([HEADER_WIDTH, *map(len, cells)])
    return textwrap.wrap(name, width, break_long_words=False, break_on_hyphens=False)


def _header_cell(name: str, cells: Sequence[str]) -> str:
    """A column's name, in several lines where it is wider than the column."""
    lines = _header_lines(name, cells)
    if len(lines) < 2:
        return escape_latex(name)
    return r"\begin{tabular}[b]{@{}r@{}}" + r" \\ ".join(map(escape_latex, lines)) + r"\end{tabular}"


def _cell(cell: str, rank: Rank | None) -> str:
    text = escape_latex(cell)
    if number_of(cell) is not None:
        text = EXPONENT.sub(_power, text)
        text = f"$-${text[1:]}" if text.startswith("-") else text
    return f"{COMMANDS[rank]}{{{text}}}" if rank is not None else text


def _power(number: re.Match[str]) -> str:
    return f"{number[1]}$\\times10^{{{'-' if number[2] == '-' else ''}{number[3]}}}$"
