"""Many small pictures in one WebP file each column, so small that a page of all of them stays below its limit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from erasepro.errors import UserError
from erasepro.generation.picture_file import UnreadableImage, read_rgb
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.report.grid_cells import picture_cell
from erasepro.report.web_page.picture_group import PictureGroup

ACROSS = 16
"""Pictures in a line of a sprite."""
LARGEST = 256
"""Pixels a side of a picture on a page."""
QUALITY = 82
"""Of WebP, 0 to 100; 4:2:0 colours as in every lossy WebP."""
SHRINK, SMALLEST = 0.75, 48


@dataclass(frozen=True)
class Sprite:
    """One column's pictures: WebP bytes, ``across`` by ``down`` cells, from left to right and from top to bottom."""

    data: bytes
    across: int
    down: int

    def position(self, place: int) -> tuple[float, float]:
        """CSS ``background-position`` in percent of the picture at a place, ``background-size`` being across × down cells."""
        x, y = place % self.across, place // self.across
        return 100 * x / max(self.across - 1, 1), 100 * y / max(self.down - 1, 1)


@dataclass(frozen=True)
class DrawnGroup:
    """A group with a sprite a column."""

    group: PictureGroup
    sprites: Sequence[Sprite]


def draw_groups(groups: Sequence[PictureGroup], most_bytes: int, blurred: bool = False) -> list[DrawnGroup]:
    """Sprites of every group: pictures as large as they were drawn, `LARGEST` at most, smaller and then fewer until they fit.

    Args:
        most_bytes: that all sprites may have together.
        blurred: keep of sensitive pictures only what cannot be recognised.

    Raises:
        UserError: one picture a column does not fit.
    """
    if not groups:
        return []
    cell = min(LARGEST, max(_drawn_size(group.columns[0].store, group.rows) for group in groups))
    while True:
        drawn = [_draw(group, cell, blurred) for group in groups]
        total = sum(len(sprite.data) for part in drawn for sprite in part.sprites)
        if total <= most_bytes:
            return drawn
        smaller = max(int(cell * max(SHRINK, (most_bytes / total) ** 0.5)), SMALLEST)
        if smaller < cell:
            cell = smaller
        elif any(len(group.rows) > 1 for group in groups):
            groups = [replace(group, rows=group.rows[: -(-len(group.rows) // 2)]) for group in groups]
        else:
            number = sum(len(group.columns) for group in groups)
            raise UserError(f"{number:,} pictures do not fit in {most_bytes:,} bytes: make pages of fewer runs.")


def _draw(group: PictureGroup, cell: int, blurred: bool) -> DrawnGroup:
    hidden = blurred and group.is_sensitive
    return DrawnGroup(group, [_sprite(column.store, group.rows, cell, hidden) for column in group.columns])


def _sprite(store: ImageStore, rows: Sequence[Row], cell: int, blurred: bool) -> Sprite:
    across = min(ACROSS, len(rows))
    down = -(-len(rows) // across)
    canvas = Image.new("RGB", (across * cell, down * cell))
    for place, row in enumerate(rows):
        canvas.paste(picture_cell(store, row, cell, blurred), (place % across * cell, place // across * cell))
    out = io.BytesIO()
    canvas.save(out, format="webp", quality=QUALITY, method=4)
    return Sprite(out.getvalue(), across, down)


def _drawn_size(store: ImageStore, rows: Sequence[Row]) -> int:
    for row in rows:
        try:
            return max(read_rgb(store.path(row.name)).size)
        except UnreadableImage:
            continue
    return SMALLEST
