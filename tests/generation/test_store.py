"""The image folder: manifest, atomic files, errors."""

import errno

import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row, UnreadableImage


@pytest.fixture
def store(tmp_path):
    return ImageStore(tmp_path / "images").open({"model": "m", "edit": "none", "sampler": {"steps": 2}})


def noise(seed=0, size=8):
    return torch.randint(0, 256, (3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def test_what_is_saved_is_loaded_in_the_order_asked_for(store):
    images = {f"a_{i}": noise(i) for i in range(3)}
    for name, image in images.items():
        store.save(name, image)
    assert store.names() == set(images)
    assert torch.equal(store.load(["a_2", "a_0"]), torch.stack([images["a_2"], images["a_0"]]))
    assert not list(store.folder.glob("*.tmp"))


def test_the_same_manifest_resumes_another_is_refused(store):
    store.save("a_0", noise())
    ImageStore(store.folder).open({"model": "m", "edit": "none", "sampler": {"steps": 2}})
    with pytest.raises(UserError, match="edit: 'none' there, 'e1' now"):
        store.open({"model": "m", "edit": "e1", "sampler": {"steps": 2}})
    assert store.names() == {"a_0"}
    store.open({"model": "m", "edit": "e1", "sampler": {"steps": 2}}, on_mismatch="regenerate")
    assert store.names() == set()
    assert store.manifest["edit"] == "e1"


def test_half_written_files_are_not_images(store):
    (store.folder / ".a_0.png.tmp").write_bytes(b"\x89PNG half")
    assert store.missing([Row("a", "a dog", 0)])


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_an_unreadable_image_is_named(store, content):
    if content is not None:
        store.path("a_0").write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"a_0\.png"):
        store.load(["a_0"])


def test_images_of_different_sizes_are_an_error(store):
    store.save("a_0", noise())
    Image.new("RGB", (5, 4)).save(store.path("a_1"))
    with pytest.raises(UnreadableImage, match="different sizes"):
        store.load(["a_0", "a_1"])


def test_errors_are_kept_and_a_cut_line_is_ignored(store):
    store.record_error(Row("a", "a dog", 0), "nan", "NaN pixels")
    with (store.folder / "errors.jsonl").open("a") as file:
        file.write('{"name": "a_1", "ki')
    assert store.errors()["a_0"]["kind"] == "nan"
    assert [row.name for row in store.missing([Row("a", "a dog", 0), Row("a", "a dog", 1)])] == ["a_1"]


def test_a_full_disk_is_one_clear_line(store, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match=r"is full\. Free some space"):
        store.save("a_0", noise())


def test_damaged_images_of_the_rows_are_dropped_and_no_other_file(store):
    rows = [Row("a", "a dog", seed) for seed in range(5)]
    for row in rows[:2]:
        store.save(row.name, noise())
    store.path("a_1").write_bytes(store.path("a_1").read_bytes()[:-30])
    Image.new("RGB", (5, 4)).save(store.path("a_2"))
    Image.new("RGB", (8, 8)).save(store.path("a_3"), format="jpeg")
    store.path("mine").write_bytes(b"not of the list")
    store.drop_damaged(rows, side=8)
    assert store.names() == {"a_0", "mine"}


@pytest.mark.parametrize("content", [b"\xff", b"[1]", b"{"])
def test_a_damaged_manifest_is_named(store, content):
    (store.folder / "manifest.json").write_bytes(content)
    with pytest.raises(UserError, match=r"manifest\.json is damaged"):
        _ = store.manifest


def test_damaged_errors_count_as_absent(store):
    (store.folder / "errors.jsonl").write_bytes(b'\xff\n[1]\n{"name": "a_0"}\n')
    assert store.errors() == {}


def test_each_image_is_tied_to_its_row(store):
    rows = [Row("a", "a dog", 0, guidance=3.0, steps=2), Row("b", "a cat", 0, guidance=3.0, steps=2)]
    store.tie(rows[:1])
    store.save("a_0", noise())
    store.tie(rows)
    assert store.rows()["b_0"]["prompt"] == "a cat"
    assert store.rows()["a_0"] == {
        "id": "a", "prompt": "a dog", "seed": 0, "guidance": 3.0, "steps": 2, "width": None, "height": None
    }  # fmt: skip
    other = Row("a", "a house", 0, guidance=3.0, steps=2)
    with pytest.raises(UserError, match="prompt: 'a dog' there, 'a house' now"):
        store.tie([other])
    assert store.names() == {"a_0"}
    store.tie([other], on_mismatch="regenerate")
    assert store.names() == set()


def test_a_batch_gets_its_names_together(store, monkeypatch):
    real, made = Image.Image.save, []

    def failing(self, part, **how):
        if len(made) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        made.append(part)
        real(self, part, **how)

    monkeypatch.setattr(Image.Image, "save", failing)
    with pytest.raises(UserError, match="is full"):
        store.save_all({f"a_{i}": noise(i) for i in range(3)})
    assert store.names() == set()
    assert not list(store.folder.glob(".*.tmp"))


def test_what_a_killed_writer_left_is_swept_away(store):
    (store.folder / ".a_0.png.123.tmp").write_bytes(b"half")
    store.tie([])
    assert not list(store.folder.glob(".*.tmp"))


def test_a_manifest_of_another_program_is_never_replaced(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "my web page", "version": "1"}')
    for how in ("error", "regenerate"):
        with pytest.raises(UserError, match="is not of images that erasepro drew, so it is not replaced"):
            ImageStore(tmp_path).open({"model": "m"}, on_mismatch=how)
    assert "my web page" in (tmp_path / "manifest.json").read_text()
