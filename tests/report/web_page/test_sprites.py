"""Sprites: where a picture lies in them, and how much of a sensitive one is left."""

import io

import numpy as np
from PIL import Image

from erasepro.report.grid_cells import picture_cell
from erasepro.report.web_page.sprites import ACROSS, draw_groups
from tests.report.web_page.pages import make_group


def pixels(sprite):
    with Image.open(io.BytesIO(sprite.data)) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


def test_a_picture_stands_where_its_position_says(tmp_path):
    group = make_group(tmp_path / "g", models=("a",), rows=10)
    (drawn,) = draw_groups([group], 10_000_000)
    for column, sprite in zip(group.columns, drawn.sprites, strict=True):
        assert (sprite.across, sprite.down) == (ACROSS, 2)
        image = pixels(sprite)
        cell = image.shape[1] // sprite.across
        for place in (0, 5, 15, 16, 19):
            x, y = (round(p / 100 * (n - 1)) for p, n in zip(sprite.position(place), (sprite.across, sprite.down), strict=True))
            found = image[y * cell : (y + 1) * cell, x * cell : (x + 1) * cell]
            wanted = np.asarray(picture_cell(column.store, group.rows[place], cell, False), dtype=float)
            others = [np.asarray(picture_cell(column.store, row, cell, False), dtype=float) for row in group.rows[:3]]
            distance = np.abs(found - wanted).mean()
            assert all(distance < np.abs(found - other).mean() / 1.4 for i, other in enumerate(others) if i != place)


def test_pictures_are_no_larger_than_they_were_drawn(tmp_path):
    (drawn,) = draw_groups([make_group(tmp_path / "g", models=("a",), rows=2, size=40)], 10_000_000)
    assert pixels(drawn.sprites[0]).shape == (40, 160, 3)
    assert draw_groups([], 10) == []


def test_a_blurred_sprite_holds_no_detail(tmp_path):
    group = make_group(tmp_path / "g", models=("a",), rows=1, is_sensitive=True)
    (clear,), (hidden,) = draw_groups([group], 10**7), draw_groups([group], 10**7, blurred=True)
    detail = [np.abs(np.diff(pixels(part.sprites[1]), axis=1)).mean() for part in (clear, hidden)]
    assert detail[1] < 5
    assert detail[0] > 20
