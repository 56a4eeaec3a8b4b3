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
        store.drop_damaged(rows)
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


def test_an_image_written_over_through_a_link_is_found_by_every_run_and_drawn_again(tmp_path, drawn):
    first = draw(tmp_path, "one", ROWS)
    assert draw(tmp_path, "two", ROWS) == first
    runs = [ImageStore(tmp_path / name) for name in ("one", "two")]
    (shared,) = map(ImageStore, (tmp_path / "shared").iterdir())
    path = runs[0].path(ROWS[0].name)
    assert path.samefile(runs[1].path(ROWS[0].name))
    path.write_bytes(path.read_bytes()[:-1] + b"x")  # in place
    for store in runs:
        assert list(store.damaged(ROWS)) == [ROWS[0].name]
    assert len(shared.damaged([originals.replace(row, id=originals.content_id(row)) for row in ROWS])) == 1
    for name in ("one", "two"):
        assert draw(tmp_path, name, ROWS) == first
    assert len(drawn) == len(ROWS) + 1
    assert [store.damaged(ROWS) for store in runs] == [{}, {}]


def test_a_run_records_what_it_links_and_its_manifest_comes_first(tmp_path, drawn, monkeypatch):
    seen = []
    real = originals.link

    def watched(source, target):
        seen.append(ImageStore(target.parent).manifest)
        real(source, target)

    monkeypatch.setattr(originals, "link", watched)
    draw(tmp_path, "one", ROWS)
    store = ImageStore(tmp_path / "one")
    assert seen == [store.manifest] * len(ROWS)
    assert store.record.digests().keys() == store.record.rows().keys() == {row.name for row in ROWS}
    assert store.is_of("m", None)


def test_a_link_by_name_is_no_image(tmp_path, drawn):
    first = draw(tmp_path, "one", ROWS)
    store = ImageStore(tmp_path / "one")
    path, other = store.path(ROWS[0].name), tmp_path / "elsewhere.png"
    path.rename(other)
    path.symlink_to(other)
    assert list(store.damaged(ROWS)) == [ROWS[0].name]
    assert draw(tmp_path, "one", ROWS) == first
    assert not path.is_symlink()


def test_a_redrawn_image_replaces_the_link_to_the_damaged_one(tmp_path, drawn):
    first = draw(tmp_path, "one", ROWS)
    (store,) = (tmp_path / "shared").iterdir()
    damaged = sorted(store.glob("*.png"))[0]
    damaged.write_bytes(b"xx")  # in place: the run's link shows it too
    damaged.unlink()
    assert draw(tmp_path, "one", ROWS) == first
