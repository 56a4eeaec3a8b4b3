"""The grid with a row a solver: where each picture stands, what is blurred, and names of any length."""

import numpy as np
import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row
from erasepro.report.grid import picture_grid

ROWS = [Row(f"p{i}", f"a picture of a dog on {c} paper, {i}", i) for i, c in enumerate(["red", "blue", "mint"])]
CELL = 64


@pytest.fixture
def models(tmp_path):
    columns = []
    for number, name in enumerate(("original", "erasepro", "uce")):
        store = ImageStore(tmp_path / name).open({"model": name})
        for row in ROWS:
            noise = torch.Generator().manual_seed(10 * number + row.seed)
            store.save(row.name, torch.randint(0, 256, (3, CELL, CELL), dtype=torch.uint8, generator=noise))
        columns.append((name, store))
    return columns


def draw(models, rows, path, **options):
    picture_grid(models, rows, path, cell=CELL, by_solver=True, max_bytes=None, **options)
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


def place(pixels, picture):
    """Top and left of a picture that lies in another."""
    first = np.array(Image.open(picture).convert("RGB"))
    starts = np.argwhere((pixels[:, :, 0] == first[0, 0, 0]) & (pixels[:, :, 1] == first[0, 0, 1]))
    (spot,) = [(y, x) for y, x in starts if np.array_equal(pixels[y : y + CELL, x : x + CELL], first)]
    return spot


def test_a_row_a_model_from_the_original_down_and_a_column_a_prompt(models, tmp_path):
    pixels = draw(models, ROWS, tmp_path / "grid.png")
    spots = np.array([[place(pixels, store.path(row.name)) for row in ROWS] for _, store in models])
    assert (spots[:, :, 0] == spots[:, :1, 0]).all(), "a model's pictures stand beside one another"
    assert (spots[:, :, 1] == spots[:1, :, 1]).all(), "a prompt's below one another"
    assert (np.diff(spots[:, 0, 0]) > CELL).all()
    assert (np.diff(spots[0, :, 1]) > CELL).all()
    beside, above = pixels[spots[0, 0, 0] :, : spots[0, 0, 1]], pixels[: spots[0, 0, 0], spots[0, 0, 1] :]
    assert (beside.min(axis=2) < 128).any(), "names"
    assert (above.min(axis=2) < 128).any(), "prompts"


def test_it_is_blurred_as_the_other_grid_is(models, tmp_path):
    def detail(**options):
        pixels = draw(models[:1], ROWS[:1], tmp_path / "grid.png", **options)
        return np.abs(np.diff(pixels[-60:-10, -55:-10].astype(float).mean(axis=2), axis=1)).mean()

    assert detail() > 20
    assert detail(kind="nudity") < 3
    assert detail(sensitive=True) < 3


def test_missing_pictures_and_long_names_break_nothing(models, tmp_path):
    models[1][1].path("p1_1").unlink()
    names = ["original", "erasepro " + " ".join(f"text_fit.key_{i}=0.1" for i in range(20)), "x" * 500]
    pixels = draw([(name, store) for name, (_, store) in zip(names, models, strict=True)], ROWS, tmp_path / "grid.png")
    assert pixels.shape[1] < 6 * CELL
    with pytest.raises(UserError, match="at least one row"):
        draw(models, [], tmp_path / "grid.png")


def test_it_fits_the_limit_or_says_so(models, tmp_path):
    path = tmp_path / "grid.png"
    picture_grid(models, ROWS, path, by_solver=True, max_bytes=40_000)
    assert path.stat().st_size <= 40_000
    with pytest.raises(UserError, match="do not fit in 900 bytes"):
        picture_grid(models, ROWS, path, by_solver=True, max_bytes=900)
