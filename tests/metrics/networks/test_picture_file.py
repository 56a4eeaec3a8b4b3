"""Files of every kind: the pixels of ``cv2.imread``, or an error that names the file."""

import cv2
import numpy as np
import pytest
from PIL import Image

from erasepro.metrics.networks import picture_file
from erasepro.metrics.networks.picture_file import PictureError, read_bgr

RNG = np.random.default_rng(0)


def pixels(*shape, dtype=np.uint8):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def cmyk(path):
    Image.fromarray(pixels(9, 7, 4), "CMYK").save(path)


def turned(path):
    image = Image.fromarray(pixels(9, 7, 3))
    exif = image.getexif()
    exif[0x0112] = 6  # to be shown turned by 90°
    image.save(path, exif=exif)


KINDS = {
    "rgb.png": lambda path: Image.fromarray(pixels(9, 7, 3)).save(path),
    "grey.png": lambda path: Image.fromarray(pixels(9, 7)).save(path),
    "rgba.png": lambda path: Image.fromarray(pixels(9, 7, 4)).save(path),
    "palette.png": lambda path: Image.fromarray(pixels(9, 7, 3)).quantize(8).save(path),
    "deep.png": lambda path: Image.fromarray(pixels(9, 7, dtype=np.uint16)).save(path),
    "deep_rgb.png": lambda path: cv2.imwrite(str(path), pixels(9, 7, 3, dtype=np.uint16)),
    "rgb.jpg": lambda path: Image.fromarray(pixels(9, 7, 3)).save(path),
    "cmyk.jpg": cmyk,
    "turned.jpg": turned,
    "rgb.webp": lambda path: Image.fromarray(pixels(9, 7, 3)).save(path),
    "one.png": lambda path: Image.fromarray(pixels(1, 1, 3)).save(path),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_pixels_are_those_of_imread(tmp_path, name):
    path = tmp_path / name
    KINDS[name](path)
    image = read_bgr(path)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, cv2.imread(str(path)))


def test_red_comes_last(tmp_path):
    Image.new("RGB", (4, 4), (200, 10, 30)).save(tmp_path / "red.png")
    assert read_bgr(tmp_path / "red.png")[0, 0].tolist() == [30, 10, 200]


def whole_png(tmp_path):
    Image.fromarray(pixels(64, 64, 3)).save(tmp_path / "whole.png")
    return (tmp_path / "whole.png").read_bytes()


def test_what_cannot_be_read_is_named(tmp_path):
    whole = whole_png(tmp_path)
    for content, told in (
        (b"", "an empty file"),
        (b"no picture", "not a readable image"),
        (whole[:40], "not a readable"),
    ):
        path = tmp_path / "bad.png"
        path.write_bytes(content)
        with pytest.raises(PictureError, match=rf"^bad\.png: {told}"):
            read_bgr(path)
    with pytest.raises(PictureError, match=r"^none\.png: No such file"):
        read_bgr(tmp_path / "none.png")
    with pytest.raises(PictureError, match="Is a directory"):
        read_bgr(tmp_path)


def test_a_picture_too_large_is_refused_by_its_header(tmp_path, monkeypatch):
    Image.new("1", (20_000, 3)).save(tmp_path / "long.png")
    with pytest.raises(PictureError, match=r"^long\.png: an image of 20000 × 3 pixels; the most is 16384 a side"):
        read_bgr(tmp_path / "long.png")
    whole_png(tmp_path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PictureError, match=r"^whole\.png: an image of far too many pixels"):
        read_bgr(tmp_path / "whole.png")
    assert picture_file.LARGEST**2 * 3 < 1e9
