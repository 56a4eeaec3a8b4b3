"""One figure on its way to a file: in the style, without pyplot, the same bytes each time."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erasepro.errors import UserError, visible
from erasepro.report.figures.style import SMALL, STYLE
from erasepro.runtime.files import as_path, write_bytes

SUFFIXES = (".pdf", ".png", ".svg")
HANDLE = 0.42
"""Inches of a legend's entry beside its text."""
LEGEND_LINE = 0.155
"""Inches of one line of a legend."""
FEW = 8
"""Entries up to which each may take a whole line; more are cut so that several fit beside one another."""
INCH = 72


class Page:
    """A figure that is being drawn, and texts that fit on it.

    Attributes:
        figure: a ``matplotlib.figure.Figure``.
        width: inches.
    """

    def __init__(self, path: Path, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.path, self.width = path, width
        self.figure = Figure(figsize=(width, height), layout="constrained")

    def axes(self, rows: int = 1, columns: int = 1, **options: Any) -> list[Any]:
        """The panels, from left to right and from top to bottom."""
        return list(self.figure.subplots(rows, columns, squeeze=False, **options).flat)

    def handle(self, look: Mapping[str, Any]) -> Any:
        """What stands in a legend for what was drawn with these properties of a line: it has no error bars."""
        from matplotlib.lines import Line2D

        return Line2D([], [], **look)

    def labels(self, names: Sequence[str], inches: float, size: float = SMALL) -> list[str]:
        """Someone's names as they can be drawn: on one line of that width, all different where the names are.

        What has no glyph in the font is written out (``\\u72d7``), except in SVG, whose viewer has fonts of its own. A name
        that is too long loses its middle; names that would look alike then are numbered.
        """
        whole = [self._drawable(name) for name in names]
        short = [_fit(name, inches, size) for name in whole]
        for text in {text for text in short if len({w for w, s in zip(whole, short, strict=True) if s == text}) > 1}:
            alike = [place for place, label in enumerate(short) if label == text]
            kinds = list(dict.fromkeys(whole[place] for place in alike))
            for place in alike:
                number = f" ({kinds.index(whole[place]) + 1})"
                short[place] = _fit(whole[place], inches - width_of(number, size), size) + number
        return short

    def grow(self, inches: float) -> None:
        """Make the page so much taller, so that what stands below the panels does not take their room."""
        self.figure.set_size_inches(self.width, self.figure.get_figheight() + inches)

    def legend(self, entries: Sequence[tuple[Any, str]]) -> None:
        """A legend below the panels, in as many columns as fit; the figure grows by its height."""
        if not entries:
            return
        least = 1 if len(entries) <= FEW else max(2, round(self.width / 2.3))
        names = self.labels([name for _, name in entries], self.width / least - HANDLE - 0.1)
        widest = max(width_of(name, SMALL) for name in names) + HANDLE
        columns = max(1, min(len(names), int(self.width / widest)))
        lines = math.ceil(len(names) / columns)
        self.grow(LEGEND_LINE * lines)
        legend = self.figure.legend(
            [handle for handle, _ in entries], ["."] * len(names), loc="outside lower center", ncols=columns,
            columnspacing=1.0, handlelength=2.2, labelspacing=0.25, borderpad=0.2, borderaxespad=0.1,
        )  # fmt: skip
        for text, name in zip(legend.get_texts(), names, strict=True):  # a label with "_" first would be left out
            text.set_text(name)

    def save(self) -> None:
        """Write the file, whole or not at all. Raises OSError where that is not possible."""
        kind = self.path.suffix.lower()[1:]
        dates: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        data = io.BytesIO()
        self.figure.savefig(data, format=kind, metadata=dates.get(kind, {}))
        write_bytes(self.path, data.getvalue())

    def _drawable(self, name: str) -> str:
        text = visible(" ".join(str(name).split()))
        if text.isascii() or self.path.suffix.lower() == ".svg":
            return text
        font = _font()
        return "".join(c if font.get_char_index(ord(c)) else c.encode("unicode_escape").decode("ascii") for c in text)


@contextmanager
def paper_page(path: Path, width: float, height: float) -> Iterator[Page]:
    """A page of so many inches, legend excluded; what is drawn on it in the block is written at the block's end.

    Raises:
        UserError: another suffix, no matplotlib, or a folder in the file's place.
        OSError: the file cannot be written.
    """
    path = checked_path(path)
    try:
        from matplotlib import style
    except ImportError as error:
        raise UserError(f"A figure needs matplotlib ({error}): pip install 'erasepro[tune]'.") from error
    with style.context(["default", dict(STYLE)]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that a font lacks, layouts that are tight: the picture shows them
        page = Page(path, width, height)
        yield page
        page.save()


def checked_path(path: str | Path) -> Path:
    """The path of a figure. Raises UserError where its suffix names no kind of picture."""
    place = as_path(path, "the figure").expanduser()
    if place.suffix.lower() not in SUFFIXES:
        raise UserError(f"figure={str(path)!r}: its name must end in .pdf, .png or .svg.")
    return place


def _font() -> Any:
    from matplotlib import font_manager

    return font_manager.get_font(font_manager.findfont("DejaVu Sans"))


def width_of(text: str, size: float) -> float:
    """Inches of a line in the figures' font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    properties = FontProperties(family="DejaVu Sans", size=size)
    width: float = text_to_path.get_text_width_height_descent(text, properties, ismath=False)[0]
    return width / INCH


def _fit(text: str, inches: float, size: float) -> str:
    """The text, its middle left out where it is wider."""
    if width_of(text, size) <= inches:
        return text
    low, high = 0, len(text) - 1  # how many characters stay
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(_cut(text, middle), size) <= inches else (low, middle - 1)
    return _cut(text, low)


def _cut(text: str, count: int) -> str:
    front = (count + 1) // 2
    return f"{text[:front]}…{text[len(text) - (count - front):]}"
