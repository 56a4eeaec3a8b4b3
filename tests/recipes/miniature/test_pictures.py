"""Composing training pictures, the fixed latent code, and the four kinds of pictures that show nothing."""

import random

import numpy as np
import pytest
import torch

from erasepro.recipes.miniature import codes, judge, pictures
from erasepro.recipes.miniature.codes import make_codes
from erasepro.recipes.miniature.pictures import SPRITE_SIZES, Pictures


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Two concepts × four styles of random premultiplied sprites, in place of the fetched ones."""
    rng = np.random.default_rng(0)
    sprites = {}
    for size in SPRITE_SIZES:
        alpha = rng.integers(0, 2, (2, 4, size, size, 1), dtype=np.uint8) * 255
        colour = rng.integers(0, 256, (2, 4, size, size, 3), dtype=np.uint8) * (alpha // 255)
        sprites[f"{size}"] = np.concatenate([colour, alpha], axis=-1)
    np.savez(tmp_path / "sprites.npz", **sprites)
    for module in (judge, pictures):
        monkeypatch.setattr(module, "DRAWABLES", (0, 1), raising=False)
    return Pictures(tmp_path)


def test_a_picture_is_the_sprite_over_the_background(drawn):
    image = drawn.draw(1, 2, (200, 100, 50), 64)
    sprite = drawn.sprites[64][1, 2]
    clear = sprite[..., 3] == 0
    assert (image[:, clear] == np.array([[200], [100], [50]])).all()
    assert (image[:, ~clear] == sprite[~clear][:, :3].T).all()


def test_a_shift_never_leaves_the_canvas(drawn):
    far = drawn.draw(0, 0, (250, 250, 250), 60, dx=50, dy=-50)
    assert (far == drawn.draw(0, 0, (250, 250, 250), 60, dx=2, dy=-2)).all()


def test_codes_have_unit_variance_and_are_the_best_linear_ones(drawn, tmp_path):
    found = make_codes(tmp_path, count=60)
    from erasepro.recipes.miniature.pictures import batch

    z = found.encode(batch(drawn, random.Random("codes/1"), 60))
    assert z.shape == (60, codes.CHANNELS, 8, 8)
    assert float(z.square().mean()) == pytest.approx(1.0, abs=0.02)
    rows = z.permute(1, 0, 2, 3).flatten(1)
    correlation = torch.corrcoef(rows) - torch.eye(codes.CHANNELS)
    assert float(correlation.abs().max()) < 1e-3


@pytest.mark.parametrize("kind", judge.NEGATIVES)
def test_negatives_differ_from_any_real_picture_and_keep_the_range(drawn, kind):
    early = torch.zeros(1, 3, 64, 64)
    x = judge.negative(kind, drawn, random.Random(1), early)
    assert x.shape == (3, 64, 64)
    assert float(x.abs().max()) <= 1.0 + 1e-5


def test_shuffling_patches_keeps_the_pixels():
    x = torch.rand(3, 64, 64)
    y = judge.shuffle_patches(x, random.Random(0), 16)
    assert not torch.equal(x, y)
    assert torch.equal(x.flatten().sort().values, y.flatten().sort().values)


def test_a_blur_keeps_the_mean_of_a_flat_picture():
    x = torch.full((1, 3, 64, 64), 0.25)
    assert torch.allclose(judge.blur(x, 3.0), x, atol=1e-5)
