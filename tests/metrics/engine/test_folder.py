"""A folder of pictures: streamed in batches of one size, read while the network works, unreadable files named."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.metrics.engine import folder as module
from erasepro.metrics.engine.folder import PictureFolder
from erasepro.metrics.engine.reading import AHEAD, THREADS


def make(path, sizes, seed=0):
    path.mkdir(parents=True, exist_ok=True)
    draw = torch.Generator().manual_seed(seed)
    for i, (height, width) in enumerate(sizes):
        pixels = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8, generator=draw).numpy()
        Image.fromarray(pixels).save(path / f"{i:05d}.png")
    return path


def test_pictures_come_by_name_in_batches_of_one_size(tmp_path):
    folder = PictureFolder(make(tmp_path / "f", [(8, 8), (8, 8), (6, 8), (8, 8), (6, 8)]))
    shapes = [tuple(batch.shape) for batch in folder.batches(4)]
    assert shapes == [(3, 3, 8, 8), (1, 3, 6, 8), (1, 3, 6, 8)]
    assert dict(folder.sizes) == {"8x8": 3, "8x6": 2}
    first = next(iter(folder.batches(4)))[0]
    assert torch.equal(first, torch.from_numpy(np.array(Image.open(tmp_path / "f/00000.png"))).permute(2, 0, 1))


def test_unreadable_files_are_named_and_skipped(tmp_path):
    path = make(tmp_path / "f", [(8, 8)] * 3)
    (path / "00001.png").write_bytes(b"not a picture")
    (path / "empty.jpg").touch()
    (path / "notes.txt").write_text("no picture, not counted")
    folder = PictureFolder(path)
    assert sum(len(batch) for batch in folder.batches()) == 2
    assert set(folder.skipped) == {"00001.png", "empty.jpg"}
    assert dict(folder.formats) == {"png": 2}


def test_no_folder_and_no_pictures_are_one_line(tmp_path):
    with pytest.raises(UserError, match=r"metrics.params.fid.reference: no folder 'nowhere'"):
        PictureFolder("nowhere", "metrics.params.fid.reference")
    with pytest.raises(UserError, match="no picture"):
        PictureFolder(tmp_path)


def test_reading_goes_on_while_a_batch_is_looked_at(tmp_path, monkeypatch):
    folder, read = PictureFolder(make(tmp_path / "f", [(4, 4)] * 24)), module.read_picture
    begun, more = [], threading.Condition()

    def watched(path):
        with more:
            begun.append(path.name)
            more.notify_all()
        return read(path)

    monkeypatch.setattr(module, "read_picture", watched)
    batches = folder.batches(4)
    for number, _ in enumerate(batches):
        ahead = min(24, 4 * (number + 1 + AHEAD))
        with more:
            assert more.wait_for(lambda n=ahead: len(begun) >= n, 60), (
                "the next batches are read before they are asked for"
            )
        assert len(begun) == ahead, "and no more of them than are wanted"


def test_the_pictures_of_a_batch_are_read_side_by_side(tmp_path, monkeypatch):
    folder, read = PictureFolder(make(tmp_path / "f", [(4, 4)] * THREADS)), module.read_picture
    together = threading.Barrier(THREADS)  # broken, and with it the test, where one waits for another

    def watched(path):
        together.wait(60)
        return read(path)

    monkeypatch.setattr(module, "read_picture", watched)
    assert [len(batch) for batch in folder.batches(THREADS)] == [THREADS]
    assert folder.skipped == {}
