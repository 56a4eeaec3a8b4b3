"""Every mode and depth of picture is read as the same 8-bit RGB, everywhere; what cannot be read is one line."""

from __future__ import annotations

import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from erasepro.generation import ImageStore
from erasepro.generation.picture_file import UnreadableImage, read_picture, read_rgb
from erasepro.metrics.engine.folder import PictureFolder
from erasepro.metrics.networks.picture_file import read_bgr

GREY = np.arange(63, dtype=np.uint8).reshape(9, 7) * 4
COLOUR = np.stack([GREY, GREY[::-1], GREY.T.reshape(9, 7)], axis=-1)
ALPHA = np.where(np.arange(63).reshape(9, 7) % 2, 255, 0).astype(np.uint8)


def with_alpha(colours):
    return np.concatenate([colours, ALPHA[..., None]], axis=-1)


def palette(transparency):
    picture = Image.fromarray(GREY).convert("P")
    picture.info["transparency"] = transparency
    return picture


GREY_FILES = {
    "l.png": Image.fromarray(GREY),
    "la.png": Image.fromarray(with_alpha(GREY[..., None])),
    "p.png": Image.fromarray(GREY).convert("P"),
    "p_bytes.png": palette(bytes(range(256))),
    "p_index.png": palette(8),
    "deep.png": Image.fromarray(GREY.astype(np.uint16) * 257),
    "deep_floor.png": Image.fromarray(GREY.astype(np.uint16) * 256 + 255),
    "deep.tif": Image.fromarray(GREY.astype(np.uint16) * 257),
}
COLOUR_FILES = {
    "rgb.png": Image.fromarray(COLOUR),
    "rgba.png": Image.fromarray(with_alpha(COLOUR)),
    "cmyk.tif": Image.fromarray(COLOUR).convert("CMYK"),
    "rgb.bmp": Image.fromarray(COLOUR),
    "rgb.tif": Image.fromarray(COLOUR),
}


@pytest.mark.parametrize("name", [*GREY_FILES, *COLOUR_FILES])
def test_every_mode_gives_the_picture_that_was_saved(tmp_path, name):
    wanted = np.stack([GREY] * 3, axis=-1) if name in GREY_FILES else COLOUR
    (GREY_FILES | COLOUR_FILES)[name].save(tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = read_picture(tmp_path / name)
    assert pixels.dtype == torch.uint8
    np.testing.assert_array_equal(pixels.permute(1, 2, 0).numpy(), wanted)
    assert torch.equal(next(iter(PictureFolder(tmp_path).batches()))[0], pixels)


def test_black_and_white_and_sixteen_bits_of_colour(tmp_path):
    Image.fromarray(ALPHA).convert("1").save(tmp_path / "one.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "one.png")[0].numpy(), ALPHA)
    cv2.imwrite(str(tmp_path / "deep.png"), COLOUR[..., ::-1].astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_picture(tmp_path / "deep.png").permute(1, 2, 0).numpy(), COLOUR)


@pytest.mark.parametrize("name", ["l.png", "deep.png", "deep_floor.png", "p.png", "rgb.png", "rgba.png"])
def test_the_detectors_reader_sees_the_same_pixels(tmp_path, name):
    (GREY_FILES | COLOUR_FILES)[name].save(tmp_path / name)
    rgb = read_picture(tmp_path / name).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(read_bgr(tmp_path / name)[..., ::-1], rgb)


@pytest.mark.parametrize(("mode", "dtype"), [("I", np.int32), ("F", np.float32)])
def test_modes_that_do_not_say_what_is_white_are_refused_not_guessed(tmp_path, mode, dtype):
    Image.fromarray(GREY.astype(dtype)).save(tmp_path / "wide.tif")
    with Image.open(tmp_path / "wide.tif") as image:
        assert image.mode == mode
    with pytest.raises(UnreadableImage, match=r"^wide\.tif: .* of 32 bits, .* save it with 8 or 16 bits"):
        read_picture(tmp_path / "wide.tif")
    folder = PictureFolder(tmp_path)
    assert list(folder.batches()) == []
    assert "save it with 8 or 16 bits" in folder.skipped["wide.tif"]


def announcing(side: int) -> bytes:
    """A PNG of a few bytes whose header says that it is ``side`` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_a_picture_that_announces_far_too_many_pixels_is_one_line_everywhere(tmp_path):
    path = tmp_path / "a_0.png"
    path.write_bytes(announcing(60_000))
    for read in (read_picture, read_rgb, lambda p: ImageStore(p.parent).load(["a_0"])):
        with pytest.raises(UnreadableImage, match=r"^a_0\.png: an image of far too many pixels$"):
            read(path)
    assert list(PictureFolder(tmp_path).batches()) == []


def test_what_cannot_be_read_is_one_line(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(COLOUR).save(path)
    whole = path.read_bytes()
    for content in (b"", b"no picture", whole[:30], whole[:60], whole[:-30]):
        path.write_bytes(content)
        with pytest.raises(UnreadableImage, match=r"^a\.png: .") as caught:
            read_picture(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(UnreadableImage, match=r"^none\.png: No such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(UnreadableImage, match=r"Is a directory"):
        read_picture(tmp_path)
