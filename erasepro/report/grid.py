"""The before/after picture: for every prompt the original's image and the edited model's, same seed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS
from erasepro.errors import UserError
from erasepro.generation.picture_file import UnreadableImage, read_rgb
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.runtime.files import write_bytes

INK, PAPER, EMPTY = (30, 30, 34), (255, 255, 255), (224, 224, 228)


def before_after_grid(
    original: ImageStore,
    edited: ImageStore,
    rows: Sequence[Row],
    path: Path,
    *,
    kind: str = "instance",
    sensitive: bool = False,
    cell: int = 128,
    across: int = 1,
    max_bytes: int | None = 300_000,
) -> Path:
    """Writes a PNG of pairs "original | edited", each with its seed and prompt as a caption.

    Args:
        kind: the concept set's kind; pictures of a nudity set are always blurred.
        sensitive: blur the pictures whatever the kind (prompt sets that are marked so).
        cell: pixels a side of one picture. across: pairs side by side.
        max_bytes: the file is given fewer colours, then smaller cells, until it fits; None: no limit.

    An image that is missing shows as an empty cell. Raises UserError without rows, or where 24-pixel cells do not fit.
    """
    if not rows:
        raise UserError("A before/after grid needs at least one row.")
    size = cell
    while True:
        picture = _compose(original, edited, rows, size, max(across, 1), sensitive or kind in SENSITIVE_KINDS)
        data = _png(picture)
        if max_bytes is not None and len(data) > max_bytes:
            data = _png(picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))
        if max_bytes is None or len(data) <= max_bytes:
            break
        if size <= 24:
            raise UserError(f"{len(rows)} pairs do not fit in {max_bytes} bytes; give the grid fewer rows.")
        size = max(int(size * 0.85), 24)
    write_bytes(path, data)
    return path


def _compose(
    original: ImageStore, edited: ImageStore, rows: Sequence[Row], cell: int, across: int, blurred: bool
) -> Image.Image:
    font = ImageFont.load_default(max(cell // 10, 9))
    line = sum(font.getmetrics()) if isinstance(font, ImageFont.FreeTypeFont) else 12
    gap, head, caption = max(cell // 16, 2), line + 4, 2 * line + 4
    wide, tall = 2 * cell + 2 * gap, cell + caption + gap
    across = min(across, len(rows))
    height = head + -(-len(rows) // across) * tall
    canvas = Image.new("RGB", (across * (wide + gap) + gap, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    for i, row in enumerate(rows):
        left, top = gap + i % across * (wide + gap), head + i // across * tall
        for store, title, x in ((original, "original", left), (edited, "edited", left + cell + gap)):
            if i < across:
                draw.text((x, 2), title, INK, font)
            canvas.paste(_cell(store, row, cell, blurred), (x, top))
        text = _wrap(draw, f"{row.seed}: {row.prompt}", font, 2 * cell + gap)
        draw.multiline_text((left, top + cell + 1), text, INK, font, spacing=0)
    return canvas


def _cell(store: ImageStore, row: Row, cell: int, blurred: bool) -> Image.Image:
    try:
        picture = read_rgb(store.path(row.name))
    except UnreadableImage:
        return Image.new("RGB", (cell, cell), EMPTY)
    if blurred:  # 8 x 8 averages hold no detail that could be restored
        picture = picture.resize((8, 8), Image.Resampling.BOX).resize((cell, cell), Image.Resampling.BICUBIC)
        return picture.filter(ImageFilter.GaussianBlur(cell / 24))
    return picture.resize((cell, cell), Image.Resampling.LANCZOS)


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
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
    for i, line in enumerate(lines):
        while line and draw.textlength(line, font) > width:
            line = line.rstrip("…")[:-1] + "…" if len(line) > 1 else ""
        lines[i] = line
    return "\n".join(lines)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="png", optimize=True)
    return out.getvalue()
