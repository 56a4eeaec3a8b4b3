"""Pictures side by side: for every prompt the original's image and those of edited models, same seed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS
from erasepro.errors import UserError
from erasepro.generation.picture_file import UnreadableImage, read_rgb
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.runtime.files import write_bytes

INK, QUIET_INK, PAPER, EMPTY = (20, 20, 24), (80, 80, 88), (255, 255, 255), (224, 224, 228)
ROLES = {"retain": "other:", "synonym": "synonym of", "anchor": "anchor:"}
"""What a row is called that asks for no target, in front of its concept."""
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


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
    max_bytes: int | None = 400_000,
) -> Path:
    """Writes a PNG of the same prompts and seeds as several models draw them.

    Above the pictures stand the models' names; below each group what it is for, and the prompt.

    Args:
        columns: (name, pictures) of each model, from left to right.
        kind: the concept set's kind; pictures of a nudity set are always blurred.
        sensitive: blur the pictures whatever the kind (prompt sets that are marked so).
        cell: pixels a side of one picture. across: groups side by side.
        max_bytes: the file is given fewer colours, then smaller cells, until it fits; None: no limit.

    An image that is missing shows as an empty cell. Raises UserError without rows, or where 24-pixel cells do not fit.
    """
    if not rows:
        raise UserError("A grid of pictures needs at least one row.")
    size = cell
    while True:
        picture = _compose(columns, rows, size, max(across, 1), sensitive or kind in SENSITIVE_KINDS)
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


def label_of(row: Row) -> str:
    """What a row is for: "dog -> cat · plain · seed 0", or its role and what it draws. The font has no arrow."""
    if row.role == "target":
        what = f"{row.concept} -> {row.expected_concept}" if row.expected_concept else row.concept
    else:
        role, shown = ROLES.get(row.role, row.role), row.concept or row.subject
        what = f"{role} {shown}" if shown else role
    return " · ".join(filter(None, [what, row.phrasing, f"seed {row.seed}"]))


def _compose(
    columns: Sequence[tuple[str, ImageStore]], rows: Sequence[Row], cell: int, across: int, blurred: bool
) -> Image.Image:
    large, small = _font(max(cell // 9, 10)), _font(max(cell // 11, 9))
    gap = max(cell // 16, 2)
    head, label, line = _line(large) + 6, _line(large) + 3, _line(small)
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
                draw.text((x, 2), _cut(draw, title, large, cell), INK, large)
            canvas.paste(_cell(store, row, cell, blurred), (x, top))
        draw.text((left, top + cell + 2), _cut(draw, label_of(row), large, wide), INK, large)
        text = _wrap(draw, row.prompt, small, wide)
        draw.multiline_text((left, top + cell + label), text, QUIET_INK, small, spacing=0)
    return canvas


def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _line(font: Font) -> int:
    return sum(font.getmetrics()) if isinstance(font, ImageFont.FreeTypeFont) else 12


def _cell(store: ImageStore, row: Row, cell: int, blurred: bool) -> Image.Image:
    try:
        picture = read_rgb(store.path(row.name))
    except UnreadableImage:
        return Image.new("RGB", (cell, cell), EMPTY)
    if blurred:  # 8 x 8 averages hold no detail that could be restored
        picture = picture.resize((8, 8), Image.Resampling.BOX).resize((cell, cell), Image.Resampling.BICUBIC)
        return picture.filter(ImageFilter.GaussianBlur(cell / 24))
    return picture.resize((cell, cell), Image.Resampling.LANCZOS)


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: Font, width: int) -> str:
    """At most two lines of `width` pixels; the rest becomes "…"."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font) <= width:
            lines[-1] = longer
        elif len(lines) < 2:
            lines.append(word)
        else:
            lines[-1] += "…"
            break
    return "\n".join(_cut(draw, line, font, width) for line in lines)


def _cut(draw: ImageDraw.ImageDraw, line: str, font: Font, width: int) -> str:
    """A line of at most `width` pixels; what does not fit becomes "…"."""
    while line and draw.textlength(line, font) > width:
        line = line.rstrip("…")[:-1] + "…" if len(line) > 1 else ""
    return line


def _with_256_colours(picture: Image.Image) -> Image.Image:
    """The colours are chosen on every fourth pixel each way: median cut over all of them took half of a small run's time."""
    sample = picture.resize((-(-picture.width // 4), -(-picture.height // 4)), Image.Resampling.NEAREST)
    palette = sample.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="png", optimize=True)
    return out.getvalue()
