"""The page itself: its parts, put into the template with every text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from erasepro.errors import UserError, visible
from erasepro.report.grid_cells import label_of
from erasepro.report.number_cell import number_of
from erasepro.report.ranks import Rank
from erasepro.report.table import Table
from erasepro.report.web_page.embedded_figures import EmbeddedFigure
from erasepro.report.web_page.picture_group import PictureGroup, verdict
from erasepro.report.web_page.sprites import DrawnGroup, draw_groups

SIGN = "<!-- erasepro page -->"
"""The second line of every page: only such a file is replaced."""
LIMIT = 15_000_000
"""Bytes of a page at most."""
TAGS = {Rank.BEST: "b", Rank.SECOND: "u"}


@dataclass(frozen=True)
class RunFacts:
    """One run on the page."""

    title: str
    heading: str
    command: str
    facts: Mapping[str, str]
    """Hashes, seconds, versions: name -> value."""
    config: str
    """As YAML."""


@dataclass(frozen=True)
class PageContent:
    """Everything that a page shows."""

    title: str
    summary: str
    command: str
    tables: Sequence[Table] = ()
    figures: Sequence[EmbeddedFigure] = ()
    groups: Sequence[PictureGroup] = ()
    runs: Sequence[RunFacts] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    """What is missing, a line each."""


def render_page(content: PageContent, limit: int = LIMIT, blurred: bool = False) -> str:
    """The file's text.

    Args:
        limit: bytes that it may have; pictures are made smaller, and then fewer, until it fits.
        blurred: keep of sensitive pictures only what cannot be recognised; without it a click shows them.

    Raises:
        UserError: what is no picture does not fit alone.
    """
    bare = len(_render(content, [], blurred).encode())
    room = limit - bare
    if room < 0:
        raise UserError(f"The page without a picture has {bare:,} bytes, more than {limit:,}: make pages of fewer runs.")
    # of a picture's share a fifth is for the elements around it, and base64 writes 3 bytes as 4
    share = room * 4 // 5
    while True:
        drawn = draw_groups(content.groups, share * 3 // 4, blurred)
        page = _render(content, drawn, blurred)
        if len(page.encode()) <= limit:
            return page
        share = share * 3 // 4


def _render(content: PageContent, drawn: Sequence[DrawnGroup], blurred: bool) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("erasepro.report.web_page", "template"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["shown"] = lambda words: visible(" ".join(str(words).split()))
    environment.filters["lines"] = lambda text: "\n".join(visible(line) for line in text.splitlines())
    script, style = _asset("page.js"), _asset("page.css")
    return environment.get_template("page.html.j2").render(
        content=content,
        sign=SIGN,
        tables=[_table(table) for table in content.tables],
        figures=[{"title": figure.title, "data": _base64(figure.svg)} for figure in content.figures],
        groups=[_group(part, blurred) for part in drawn],
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=style,
    )


def _asset(name: str) -> str:
    return (resources.files("erasepro.report.web_page") / "template" / name).read_text(encoding="utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _table(table: Table) -> dict[str, Any]:
    ranks = table.ranks
    rows = []
    for r, row in enumerate(table.rows):
        cells = []
        for c, cell in enumerate(row):
            number = number_of(cell)
            tag = TAGS[ranks[r, c]] if (r, c) in ranks else ""
            cells.append({"text": cell, "tag": tag, "number": "" if number is None else repr(number.value)})
        rows.append(cells)
    return {
        "title": table.title, "header": table.header, "rows": rows, "keys": table.keys, "notes": table.full_note.splitlines(),
    }  # fmt: skip


def _group(part: DrawnGroup, blurred: bool) -> dict[str, Any]:
    group = part.group
    rows = []
    for place, row in enumerate(group.rows):
        pictures = []
        for column, sprite in zip(group.columns, part.sprites, strict=True):
            kind, words = verdict(row, column.seen.get(row.name))
            x, y = sprite.position(place)
            pictures.append({"x": f"{x:.4g}", "y": f"{y:.4g}", "kind": kind, "words": words})
        rows.append({
            "label": "sensitive prompt" if group.is_sensitive else label_of(row).replace("->", "→"),
            "prompt": "" if group.is_sensitive and blurred else row.prompt,
            "role": row.role or "other",
            "pictures": pictures,
        })  # fmt: skip
    return {
        "title": group.title,
        "names": [column.name for column in group.columns],
        "sprites": [
            {"data": _base64(sprite.data), "across": sprite.across, "down": sprite.down} for sprite in part.sprites
        ],
        "rows": rows,
        "is_sensitive": group.is_sensitive,
    }
