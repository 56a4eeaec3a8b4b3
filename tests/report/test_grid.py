"""The before/after picture: size limit, blur for sensitive kinds, missing images."""

import numpy as np
import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row
from erasepro.report.grid import before_after_grid

ROWS = [Row(f"p{i}", f"a picture of a dog on {c} paper, {i}", i) for i, c in enumerate(["red", "blue", "mint"])]


@pytest.fixture
def stores(tmp_path):
    made = []
    for name in ("original", "edited"):
        store = ImageStore(tmp_path / name).open({"model": name})
        for row in ROWS:
            noise = torch.Generator().manual_seed(10 * len(name) + row.seed)
            store.save(row.name, torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8, generator=noise))
        made.append(store)
    return made


def test_a_pair_a_row_in_reading_order(stores, tmp_path):
    path = before_after_grid(*stores, ROWS, tmp_path / "grid.png", cell=64, max_bytes=None)
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    first = np.array(Image.open(stores[0].path("p0_0")).convert("RGB"))
    found = [
        (y, x)
        for y in range(pixels.shape[0] - 63)
        for x in range(pixels.shape[1] - 63)
        if np.array_equal(pixels[y, x : x + 3], first[0, :3]) and np.array_equal(pixels[y : y + 64, x : x + 64], first)
    ]
    assert len(found) == 1
    assert found[0][1] < 64  # the original is on the left


def test_it_fits_the_limit_or_says_so(stores, tmp_path):
    path = before_after_grid(*stores, ROWS, tmp_path / "grid.png", across=2, max_bytes=40_000)
    assert path.stat().st_size <= 40_000
    with pytest.raises(UserError, match="do not fit in 900 bytes"):
        before_after_grid(*stores, ROWS, tmp_path / "grid.png", max_bytes=900)
    with pytest.raises(UserError, match="at least one row"):
        before_after_grid(*stores, [], tmp_path / "grid.png")


def test_nudity_and_what_is_marked_sensitive_is_always_blurred(stores, tmp_path):
    def detail(kind, sensitive=False):
        path = tmp_path / "grid.png"
        before_after_grid(*stores, ROWS[:1], path, kind=kind, sensitive=sensitive, cell=64, max_bytes=None)
        pixels = np.array(Image.open(path).convert("L"), dtype=float)
        middle = pixels[40:70, 15:60]
        return np.abs(np.diff(middle, axis=1)).mean()

    assert detail("instance") > 20
    assert detail("nudity") < 3
    assert detail("instance", sensitive=True) < 3


def test_a_missing_image_is_an_empty_cell(stores, tmp_path):
    stores[1].path("p1_1").unlink()
    assert before_after_grid(*stores, ROWS, tmp_path / "grid.png").exists()
