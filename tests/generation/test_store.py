"""The image folder: manifest, atomic files, errors."""

import errno
import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from erasepro.errors import UserError
from erasepro.generation import ImageStore, Row, UnreadableImage
from erasepro.generation.picture_record import PictureRecord

OTHER, UNRECORDED = "not the bytes that were drawn", "its SHA-256 is not recorded"


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
    store.save("a_1", noise(size=5))
    with pytest.raises(UnreadableImage, match="different sizes"):
        store.load(["a_0", "a_1"])


def test_errors_are_kept_and_a_cut_line_is_ignored(store):
    store.record_error(Row("a", "a dog", 0), "nan", "NaN pixels")
    with (store.folder / "errors.jsonl").open("a") as file:
        file.write('{"name": "a_1", "ki')
    assert store.errors()["a_0"]["kind"] == "nan"
    assert [row.name for row in store.missing([Row("a", "a dog", 0), Row("a", "a dog", 1)])] == ["a_1"]


@pytest.mark.parametrize(
    ("where", "call"), [(Image.Image, "save"), (Path, "write_bytes"), (PictureRecord, "append"), (Path, "replace")]
)
def test_a_full_disk_is_one_clear_line(store, monkeypatch, where, call):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(where, call, full)
    with pytest.raises(UserError, match=r"is full\. Free some space"):
        store.save("a_0", noise())
    assert store.names() == set()
    assert not list(store.folder.glob(".*.tmp"))


def test_the_digests_are_recorded_before_the_images_get_their_names(store, monkeypatch):
    real = PictureRecord.append

    def watched(self, digests):
        assert store.names() == set()
        real(self, digests)

    monkeypatch.setattr(PictureRecord, "append", watched)
    store.save_all({"a_0": noise(), "a_1": noise(1)})
    assert store.record.digests().keys() == store.names() == {"a_0", "a_1"}


def test_damaged_images_of_the_rows_are_dropped_and_no_other_file(store):
    rows = [Row("a", "a dog", seed) for seed in range(5)]
    for row in rows[:2]:
        store.save(row.name, noise())
    store.path("a_1").write_bytes(store.path("a_1").read_bytes()[:-30])
    Image.new("RGB", (5, 4)).save(store.path("a_2"))
    Image.new("RGB", (8, 8)).save(store.path("a_3"), format="jpeg")
    store.path("mine").write_bytes(b"not of the list")
    reasons = store.drop_damaged(rows)
    assert store.names() == {"a_0", "mine"}
    assert reasons == {"a_1": OTHER, "a_2": UNRECORDED, "a_3": UNRECORDED}


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


def test_swapped_images_are_damaged_and_so_is_one_of_another_folder(store, tmp_path):
    rows = [Row("a", "a dog", seed) for seed in range(3)]
    for row in rows:
        store.save(row.name, noise(row.seed))
    other = ImageStore(tmp_path / "other").open({"model": "m", "edit": "e1"})
    other.save("a_2", noise(9))
    assert store.damaged(rows) == {}
    first, second = store.path("a_0"), store.path("a_1")
    first.rename(tmp_path / "x")
    second.rename(first)
    (tmp_path / "x").rename(second)
    store.path("a_2").write_bytes(other.path("a_2").read_bytes())
    assert store.damaged(rows) == dict.fromkeys(["a_0", "a_1", "a_2"], OTHER)
    with pytest.raises(UnreadableImage, match=r"^a_0\.png: not the bytes that were drawn$"):
        store.load(["a_0"])


@pytest.mark.parametrize("how", ["link", "loop", "folder", "pipe", "empty", "flipped", "gone"])
def test_whatever_lies_in_an_images_place_is_lost_and_makes_room(store, tmp_path, how):
    row, image = Row("a", "a dog", 0), noise()
    store.tie([row])
    store.save("a_0", image)
    path, whole = store.path("a_0"), store.path("a_0").read_bytes()
    path.unlink()
    {
        "link": lambda: (tmp_path / "there.png").write_bytes(whole) and path.symlink_to(tmp_path / "there.png"),
        "loop": lambda: path.symlink_to(path),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "empty": path.touch,
        "flipped": lambda: path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1])),
        "gone": lambda: None,
    }[how]()
    assert list(store.lost([row])) == ["a_0"]
    with pytest.raises(UnreadableImage, match=r"^a_0\.png: "):
        store.load(["a_0"])
    store.drop_damaged([row])
    assert store.names() == set()
    store.save("a_0", image)
    assert store.lost([row]) == {}
    assert path.read_bytes() == whole
    assert torch.equal(store.load(["a_0"])[0], image)


def test_a_folder_with_something_in_it_is_left_and_named(store):
    path = store.path("a_0")
    path.mkdir()
    (path / "mine.txt").touch()
    with pytest.raises(UserError, match=r"a_0\.png' is a folder in the place of an image: move it away or delete it"):
        store.drop_damaged([Row("a", "a dog", 0)])


@pytest.mark.parametrize("how", ["gone", "cut", "pipe", "without digests"])
def test_an_image_is_not_believed_once_its_record_is_lost(store, how):
    rows = [Row("a", "a dog", seed) for seed in range(2)]
    store.tie(rows)
    store.save_all({row.name: noise(row.seed) for row in rows})
    record = store.folder / "rows.jsonl"
    text = record.read_text()
    record.unlink()
    if how == "cut":
        record.write_text(text[:-3])
    elif how == "pipe":
        os.mkfifo(record)
    elif how == "without digests":  # of a version that kept none
        record.write_text("".join(line for line in text.splitlines(True) if "sha256" not in line))
    again = ImageStore(store.folder)
    lost = ["a_1"] if how == "cut" else ["a_0", "a_1"]
    assert again.damaged(rows) == dict.fromkeys(lost, UNRECORDED)
    again.tie(rows)
    assert list(again.drop_damaged(rows)) == lost
    again.save_all({name: noise(int(name[-1])) for name in lost})
    assert again.damaged(rows) == {}


def test_the_fingerprint_is_of_bytes_names_and_errors(store):
    rows = [Row("a", "a dog", seed) for seed in range(2)]
    store.save_all({row.name: noise(row.seed) for row in rows})
    first = store.fingerprint(rows)
    store.save_all({row.name: noise(row.seed) for row in rows})
    assert store.fingerprint(rows) == first
    assert store.fingerprint(rows[:1]) != first
    store.save("a_0", noise(5))
    other = store.fingerprint(rows)
    assert other != first
    store.record_error(rows[0], "nan", "NaN pixels")
    assert store.fingerprint(rows) not in (first, other)


def test_whose_images_they_are(store, tmp_path):
    assert store.is_of("m")
    assert not store.is_of("m", "e1")
    assert not store.is_of("n")
    empty = ImageStore(tmp_path / "empty")
    assert empty.is_of("m", "e1")
    empty.folder.mkdir()
    empty.save("a_0", noise())
    assert not empty.is_of("m", "e1"), "nobody knows who drew it"
