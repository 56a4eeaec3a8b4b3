"""Files of drawn pictures: the digest is of the bytes that are written, and only these bytes are read again."""

import hashlib
import os

import pytest
import torch

from erasepro.generation.drawn_file import encode_png, read_drawn, why_not_drawn
from erasepro.generation.picture_file import UnreadableImage, decode_picture

IMAGE = torch.arange(3 * 5 * 4, dtype=torch.uint8).reshape(3, 5, 4)


def test_a_picture_comes_back_from_its_bytes(tmp_path):
    data, digest = encode_png(IMAGE)
    assert digest == hashlib.sha256(data).hexdigest()
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert read_drawn(path, digest) == data
    assert why_not_drawn(path, digest) == ""
    assert torch.equal(decode_picture(data, "a.png"), IMAGE)


@pytest.mark.parametrize("place", [0, 40, -1])
def test_one_flipped_bit_is_found(tmp_path, place):
    data, digest = encode_png(IMAGE)
    other = bytearray(data)
    other[place] ^= 4
    (tmp_path / "a.png").write_bytes(other)
    with pytest.raises(UnreadableImage, match=r"^a\.png: not the bytes that were drawn$"):
        read_drawn(tmp_path / "a.png", digest)


def test_what_is_not_recorded_is_not_believed(tmp_path):
    data, _ = encode_png(IMAGE)
    (tmp_path / "a.png").write_bytes(data)
    assert why_not_drawn(tmp_path / "a.png", None) == "its SHA-256 is not recorded"


def test_links_folders_and_pipes_are_neither_followed_nor_waited_for(tmp_path):
    data, digest = encode_png(IMAGE)
    (tmp_path / "a.png").write_bytes(data)
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("link", "folder", "pipe"):
        assert why_not_drawn(tmp_path / f"{name}.png", digest) == "no plain file"
    assert why_not_drawn(tmp_path / "none.png", digest) == "No such file or directory"
