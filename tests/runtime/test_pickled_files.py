"""Pickles are told by name and by first bytes; a safetensors file whose length begins as a pickle does is none."""

import io
import json
import pickle
import struct
from pathlib import Path

import pytest
import torch

from erasepro.edit.foreign import refuse_pickle
from erasepro.errors import UserError
from erasepro.models.checkpoint import Checkpoint
from erasepro.models.safetensors_stream import read_source
from erasepro.runtime.pickled_files import SIGN_LENGTH, STARTS, is_pickled, starts_as_pickle

LENGTHS = [low + (high << 8) + 65536 * k for high in (2, 3, 4, 5) for low in (0x80,) for k in (0, 1, 7)]
"""Header lengths whose two lowest bytes are those of a pickle: 640, 896, 1152, 1408 and more."""


def safetensors_file(path: Path, length: int) -> Path:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode().ljust(length)
    path.write_bytes(struct.pack("<Q", length) + header + b"\0" * 8)
    return path


@pytest.mark.parametrize("length", LENGTHS)
def test_a_header_of_any_length_is_read(tmp_path, length):
    path = safetensors_file(tmp_path / "a.safetensors", length)
    assert path.read_bytes().startswith(STARTS)
    assert not is_pickled(path)
    assert read_source(path).read("a").tolist() == [0, 0]
    assert Checkpoint(tmp_path, files=[path]).get("a").tolist() == [0, 0]
    refuse_pickle(path)


def test_a_length_that_begins_as_a_zip_file_does_is_read_too():
    assert not starts_as_pickle(struct.pack("<Q", int.from_bytes(b"PK\x03\x04", "little")) + b"{")


def pickled_contents():
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        for value in ({}, {"a": 1}, "{" * 300, {"w": list(range(100_000))}):
            yield pickle.dumps(value, protocol)
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save({"a": torch.zeros(3)}, file, _use_new_zipfile_serialization=zipped)
        yield file.getvalue()


def test_pickles_of_every_protocol_are_told_by_their_bytes_everywhere(tmp_path):
    path = tmp_path / "renamed.safetensors"
    for content in pickled_contents():
        assert starts_as_pickle(content[:SIGN_LENGTH])
        path.write_bytes(content)
        for read in (read_source, refuse_pickle, lambda p: Checkpoint(p.parent, files=[p])):
            with pytest.raises(UserError, match="never loaded"):
                read(path)


def test_names_tell_too(tmp_path):
    for name in ("a.pt", "a.PTH", "a.bin", "a.ckpt", "a.pkl", "a.pickle"):
        assert is_pickled(tmp_path / name)  # whether or not it is there
    assert not is_pickled(tmp_path / "a.safetensors")
    assert not starts_as_pickle(b"")
