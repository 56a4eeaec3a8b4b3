"""A run's pictures: one fingerprint of the bytes of both models, and what is no longer as it was drawn."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.generation import Row
from erasepro.results.results_json import Results
from erasepro.runs.pictures import RunPictures

ROWS = [Row("a", "a dog", 0), Row("b", "a cat", 0)]


def save(pictures, shift=0):
    for place, (store, edit) in enumerate(((pictures.original, "none"), (pictures.edited, "e"))):
        store.open({"model": "w", "edit": edit})
        store.tie(ROWS)
        for i, row in enumerate(ROWS):
            image = torch.arange(3 * 4 * 4, dtype=torch.uint8).reshape(3, 4, 4)
            store.save(row.name, image + 7 * place + i + shift)


@pytest.fixture
def pictures(tmp_path):
    pictures = RunPictures(tmp_path, ROWS)
    save(pictures)
    return pictures


def results(pictures, **hashes):
    known = {"weights": "w", "edit": "e", "images": pictures.fingerprint, **hashes}
    return Results(name="n", signature="s", config={}, protocol="p", hashes=known)


def test_the_fingerprint_is_of_the_bytes_of_both_models(pictures, tmp_path):
    first = pictures.fingerprint
    assert RunPictures(tmp_path, ROWS).fingerprint == first
    save(pictures)
    assert pictures.fingerprint == first, "the same bytes, drawn again"
    pictures.edited.save("a_0", torch.zeros(3, 4, 4, dtype=torch.uint8))
    changed = pictures.fingerprint
    assert changed != first
    pictures.original.record_error(ROWS[0], "nan", "NaN pixels")
    assert pictures.fingerprint not in (first, changed)
    assert RunPictures(tmp_path / "none", ROWS).fingerprint not in (first, changed)


def test_results_are_of_these_bytes_this_model_and_this_edit(pictures):
    assert pictures.are_recorded_in(results(pictures))
    for harm in ({"weights": "x"}, {"edit": "x"}, {"images": "x"}):
        assert not pictures.are_recorded_in(results(pictures, **harm))
    old = results(pictures)
    del old.hashes["images"]
    assert not pictures.are_recorded_in(old)
    (pictures.edited.folder / "manifest.json").write_bytes((pictures.original.folder / "manifest.json").read_bytes())
    assert not pictures.are_recorded_in(results(pictures))
    (pictures.edited.folder / "manifest.json").write_text("{")
    with pytest.raises(UserError, match=r"manifest\.json is damaged"):
        pictures.are_recorded_in(results(pictures))


def test_what_is_lost_is_one_line(pictures):
    assert pictures.describe_lost() == ""
    pictures.edited.path("b_0").write_bytes(b"xx")
    pictures.edited.path("a_0").unlink()
    pictures.original.path("a_0").unlink()
    line = pictures.describe_lost()
    assert "\n" not in line
    original, edited = line.split("; ")
    assert original == f"1 images of {str(pictures.original.folder)!r} are gone or damaged (a_0.png: gone)"
    assert edited == f"2 images of {str(pictures.edited.folder)!r} are gone or damaged (a_0.png: gone, …)"
