"""Pictures side by side: for every prompt the original's image and those of edited models, same seed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS
from erasepro.errors import UserError
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.report.grid_by_solver import compose_by_solver
from erasepro.report.grid_cells import (
    INK,
    PAPER,
    QUIET_INK,
    cut_text,
    label_of,
    line_height,
    load_font,
    picture_cell,
    wrap_text,
)
from erasepro.runtime.files import write_bytes


def before_after_grid(
    original: ImageStore, edited: ImageStore, rows: Sequence[Row], path: Path, *, title: str = "edited", **options: Any
) -> Path:
    """Writes a PNG of pairs "original | edited"; `title` stands above the edited model's. Options as in `picture_grid`."""
    return picture_grid([("original", original), (title, edited)], rows, path, **options)


def picture_grid(
    columns: Sequence[tuple[str, ImageStore]],
    rows: Sequence[Row],
    path: Path,
    *,
    kind: str = "instance",
    sensitive: bool = False,
    cell: int = 160,
    across: int = 1,
    by_solver: bool = False,
    max_bytes: int | None = 400_000,
) -> Path:
    """Writes a PNG of the same prompts and seeds as several models draw them.

    Above the pictures stand the models' names; below each group what it is for, and the prompt. By solver it is the other way
    round: a row of pictures a model, a column a prompt.

    Args:
        columns: (name, pictures) of each model, from left to right; by solver from top to bottom.
        kind: the concept set's kind; pictures of a nudity set are always blurred.
        sensitive: blur the pictures whatever the kind (prompt sets that are marked so).
        cell: pixels a side of one picture. across: groups side by side, where it is not by solver.
        max_bytes: the file is given fewer colours, then smaller cells, until it fits; None: no limit.

    An image that is missing shows as an empty cell. Raises UserError without rows, or where 24-pixel cells do not fit.
    """
    if not rows:
        raise UserError("A grid of pictures needs at least one row.")
    size = cell
    while True:
        blurred = sensitive or kind in SENSITIVE_KINDS
        if by_solver:
            picture = compose_by_solver(columns, rows, size, blurred)
        else:
            picture = _compose(columns, rows, size, max(across, 1), blurred)
        data = _png(picture)
        if max_bytes is not None and len(data) > max_bytes:
            data = _png(_with_256_colours(picture))
        if max_bytes is None or len(data) <= max_bytes:
            break
        if size <= 24:
            raise UserError(f"{len(rows)} rows do not fit in {max_bytes} bytes; give the grid fewer rows.")
        size = max(int(size * 0.85), 24)
    write_bytes(path, data)
    return path


def _compose(
    columns: Sequence[tuple[str, ImageStore]], rows: Sequence[Row], cell: int, across: int, blurred: bool
) -> Image.Image:
    large, small = load_font(max(cell // 9, 10)), load_font(max(cell // 11, 9))
    gap = max(cell // 16, 2)
    head, label, line = line_height(large) + 6, line_height(large) + 3, line_height(small)
    text_height = label + 2 * line + 4
    wide, tall = len(columns) * (cell + gap) - gap, cell + text_height + gap
    across = min(across, len(rows))
    height = head + -(-len(rows) // across) * tall
    canvas = Image.new("RGB", (across * (wide + 2 * gap) + gap, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    for i, row in enumerate(rows):
        left, top = 2 * gap + i % across * (wide + 2 * gap) - gap, head + i // across * tall
        for k, (title, store) in enumerate(columns):
            x = left + k * (cell + gap)
            if i < across:
                draw.text((x, 2), cut_text(draw, title, large, cell), INK, large)
            canvas.paste(picture_cell(store, row, cell, blurred), (x, top))
        draw.text((left, top + cell + 2), cut_text(draw, label_of(row), large, wide), INK, large)
        text = wrap_text(draw, row.prompt, small, wide)
        draw.multiline_text((left, top + cell + label), text, QUIET_INK, small, spacing=0)
    return canvas


def _with_256_colours(picture: Image.Image) -> Image.Image:
    """The colours are chosen on every fourth pixel each way: median cut over all of them took half of a small run's time."""
    sample = picture.resize((-(-picture.width // 4), -(-picture.height // 4)), Image.Resampling.NEAREST)
    palette = sample.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="png", optimize=True)
    return out.getvalue()
