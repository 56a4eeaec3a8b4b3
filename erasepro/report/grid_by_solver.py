"""Pictures with a row a solver: below the original's row each model's, on the same prompts and seeds in columns."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.report.grid_cells import (
    INK,
    PAPER,
    QUIET_INK,
    Font,
    label_of,
    line_height,
    load_font,
    picture_cell,
    wrap_text,
)

PROMPT_LINES, LABEL_LINES, NAME_LINES = 4, 2, 6
"""Lines of a column's prompt and label, and of a row's name."""


def compose_by_solver(
    models: Sequence[tuple[str, ImageStore]], rows: Sequence[Row], cell: int, blurred: bool
) -> Image.Image:
    """The picture of the grid.

    Args:
        models: (name, pictures) of each model, from top to bottom; the name stands left of its row.
        rows: what each column shows; above it stands what it is for, and the prompt.
        cell: pixels a side of one picture.
        blurred: nothing in a picture can be recognised.
    """
    large, small = load_font(max(cell // 11, 10)), load_font(max(cell // 13, 9))
    gap = max(cell // 16, 2)
    head = LABEL_LINES * line_height(large) + PROMPT_LINES * line_height(small) + 2 * gap
    names = [_name_lines(name, large, int(1.4 * cell)) for name, _ in models]
    beside = max(_width(text, large) for text in names) + 2 * gap
    size = beside + len(rows) * (cell + gap) + gap, head + len(models) * (cell + gap) + gap
    canvas = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    for k, row in enumerate(rows):
        x = beside + k * (cell + gap)
        draw.multiline_text((x, 2), wrap_text(draw, label_of(row), large, cell, LABEL_LINES), INK, large, spacing=0)
        top = 2 + LABEL_LINES * line_height(large) + gap // 2
        draw.multiline_text((x, top), wrap_text(draw, row.prompt, small, cell, PROMPT_LINES), QUIET_INK, small, spacing=0)
        for i, (_, store) in enumerate(models):
            canvas.paste(picture_cell(store, row, cell, blurred), (x, head + i * (cell + gap)))
    for i, text in enumerate(names):
        y = head + i * (cell + gap) + cell // 2
        draw.multiline_text((gap, y), text, INK, large, spacing=0, anchor="lm")
    return canvas


def _name_lines(name: str, font: Font, width: int) -> str:
    """A model's name in lines of at most `width` pixels, broken between its words."""
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    return wrap_text(draw, name, font, width, NAME_LINES)


def _width(text: str, font: Font) -> int:
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    return max(int(draw.textlength(line, font)) + 1 for line in text.split("\n"))
