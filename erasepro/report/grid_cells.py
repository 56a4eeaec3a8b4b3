"""The parts of a grid of pictures: a cell, its label and its prompt, each in the width that it is given."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from erasepro.generation.picture_file import UnreadableImage, read_rgb
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row

INK, QUIET_INK, PAPER, EMPTY = (20, 20, 24), (80, 80, 88), (255, 255, 255), (224, 224, 228)
ROLES = {"retain": "other:", "synonym": "synonym of", "anchor": "anchor:"}
"""What a row is called that asks for no target, in front of its concept."""
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def label_of(row: Row) -> str:
    """What a row is for: "dog -> cat · plain · seed 0", or its role and what it draws. The font has no arrow."""
    if row.role == "target":
        what = f"{row.concept} -> {row.expected_concept}" if row.expected_concept else row.concept
    else:
        role, shown = ROLES.get(row.role, row.role), row.concept or row.subject
        what = f"{role} {shown}" if shown else role
    return " · ".join(filter(None, [what, row.phrasing, f"seed {row.seed}"]))


def load_font(size: int) -> Font:
    """The font of every grid, in pixels."""
    return ImageFont.load_default(size)


def line_height(font: Font) -> int:
    """Pixels of a line."""
    return sum(font.getmetrics()) if isinstance(font, ImageFont.FreeTypeFont) else 12


def picture_cell(store: ImageStore, row: Row, cell: int, blurred: bool) -> Image.Image:
    """A row's picture, ``cell`` pixels a side; empty where it is missing, and not to be recognised where it is blurred."""
    try:
        picture = read_rgb(store.path(row.name))
    except UnreadableImage:
        return Image.new("RGB", (cell, cell), EMPTY)
    if blurred:  # 8 x 8 averages hold no detail that could be restored
        picture = picture.resize((8, 8), Image.Resampling.BOX).resize((cell, cell), Image.Resampling.BICUBIC)
        return picture.filter(ImageFilter.GaussianBlur(cell / 24))
    return picture.resize((cell, cell), Image.Resampling.LANCZOS)


def wrap_text(draw: ImageDraw.ImageDraw, text: str, font: Font, width: int, most: int = 2) -> str:
    """At most ``most`` lines of `width` pixels; the rest becomes "…"."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font) <= width:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += "…"
            break
    return "\n".join(cut_text(draw, line, font, width) for line in lines)


def cut_text(draw: ImageDraw.ImageDraw, line: str, font: Font, width: int) -> str:
    """A line of at most `width` pixels; what does not fit becomes "…"."""
    while line and draw.textlength(line, font) > width:
        line = line.rstrip("…")[:-1] + "…" if len(line) > 1 else ""
    return line
