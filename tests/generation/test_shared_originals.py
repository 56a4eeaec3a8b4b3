"""Shared originals: the same job has the same bytes whatever was drawn before it, and goes on where it stopped."""

from __future__ import annotations

import pytest
import torch

from erasepro.generation import ImageStore, Row
from erasepro.generation import shared_originals as originals

ROWS = [Row(f"p{i}", f"prompt {i}", seed) for i in range(3) for seed in (0, 1)]
SAMPLER = {"model_hash": "m", "steps": 2}


@pytest.fixture
def drawn(monkeypatch):
    """Stands in for the sampler: every pixel tells the batch that the picture was drawn in. Returns what was drawn."""
    log: list[str] = []

    def generate(pipe, rows, out_dir, *, batch_size, title):
        store = ImageStore(out_dir).open({"model": "m"})
        todo = {row.name for row in store.missing(rows)}
        for i, row in enumerate(rows):
            if row.name in todo:
                log.append(row.prompt)
                batch = rows[i - i % batch_size :][:batch_size]
                grey = sum(map(ord, "".join(other.name for other in batch))) % 256
                store.save(row.name, torch.full((3, 2, 2), grey, dtype=torch.uint8))
        return store

    monkeypatch.setattr(originals, "generate", generate)
    return log


def draw(tmp_path, run, rows, shared="shared", batch_size=4):
    folder = tmp_path / run
    originals.original_images(None, rows, tmp_path / shared, folder, SAMPLER, batch_size=batch_size)
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.png"))}


def test_what_was_drawn_before_changes_no_byte(tmp_path, drawn):
    alone = draw(tmp_path, "alone", ROWS, shared="empty")
    draw(tmp_path, "other", ROWS[1:3], shared="filled")
    draw(tmp_path, "coarse", ROWS, shared="filled", batch_size=3)
    assert draw(tmp_path, "after", ROWS, shared="filled") == alone
    assert len(alone) == len(ROWS)


def test_the_same_list_is_drawn_once_and_a_stopped_one_goes_on(tmp_path, drawn):
    first = draw(tmp_path, "one", ROWS)
    assert len(drawn) == len(ROWS)
    assert draw(tmp_path, "two", ROWS) == first
    assert len(drawn) == len(ROWS)
    (store,) = (tmp_path / "shared").iterdir()
    sorted(store.glob("*.png"))[0].unlink()
    assert draw(tmp_path, "three", ROWS) == first
    assert len(drawn) == len(ROWS) + 1


def test_a_redrawn_image_replaces_the_link_to_the_damaged_one(tmp_path, drawn):
    first = draw(tmp_path, "one", ROWS)
    (store,) = (tmp_path / "shared").iterdir()
    damaged = sorted(store.glob("*.png"))[0]
    damaged.write_bytes(b"xx")  # in place: the run's link shows it too
    damaged.unlink()
    assert draw(tmp_path, "one", ROWS) == first
