"""Tables and lines of HTML for notebooks and reports. Every text may be someone else's: each is shown as nothing but itself."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence

from erasepro.errors import visible

PNG = b"\x89PNG\r\n\x1a\n"
"""The first bytes of every PNG file."""


def escape_html(words: object) -> str:
    """Words on one line of HTML: no tag, no entity, no attribute's end, no character that hides or turns the text."""
    return html.escape(visible(" ".join(str(words).split())), quote=True)


def html_line(words: object) -> str:
    """A paragraph of these words; "" of none."""
    line = escape_html(words)
    return f"<p>{line}</p>" if line else ""


def html_table(
    caption: object,
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    note: object = "",
    marks: Mapping[tuple[int, int], str] | None = None,
) -> str:
    """A table under its caption. The first column is left aligned, the others right; no header where it is empty.

    Args:
        caption, header, rows, note: words, escaped here.
        marks: (row, column) -> the tag that the cell's words stand in: b or u.
    """
    sides = ["left", *["right"] * max(len(header), 1)]
    lines = [f"<table><caption style='text-align:left'><b>{escape_html(caption)}</b></caption>"]
    if header:
        lines.append(f"<thead>{_row('th', header, sides, {})}</thead>")
    tags = marks or {}
    body = (
        _row("td", row, sides, {column: tag for (place, column), tag in tags.items() if place == number})
        for number, row in enumerate(rows)
    )
    lines.append("<tbody>" + "".join(body) + "</tbody></table>")
    return "".join(lines) + html_line(note)


def html_picture(png: bytes, words: object) -> str:
    """A picture inside the page itself, with words for whoever cannot see it. "" for bytes that are no PNG."""
    if not png.startswith(PNG):
        return ""
    return f"<img alt='{escape_html(words)}' src='data:image/png;base64,{base64.b64encode(png).decode()}'>"


def _row(tag: str, cells: Sequence[object], sides: Sequence[str], marks: Mapping[int, str]) -> str:
    aligned = zip(cells, [*sides, *["right"] * len(cells)], strict=False)
    shown = (
        f"<{tag} style='text-align:{side}'>{_marked(escape_html(cell), marks.get(place))}</{tag}>"
        for place, (cell, side) in enumerate(aligned)
    )
    return "<tr>" + "".join(shown) + "</tr>"


def _marked(escaped: str, tag: str | None) -> str:
    return f"<{tag}>{escaped}</{tag}>" if tag else escaped
