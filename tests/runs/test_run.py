"""A run's stages: what asks changes nothing, and a job leaves the config that it is made of alone."""

from __future__ import annotations

import copy

import pytest

from erasepro.generation import ImageStore
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.runs.run import Run, run

TINY = ["debug=tiny", "outputs.dir=o", "outputs.progress=false"]


@pytest.fixture
def done(tmp_path, monkeypatch):
    """A finished run, and its stores of original and of edited images."""
    monkeypatch.chdir(tmp_path)
    run(resolve(TINY))
    again = Run(make_job(resolve(TINY)))
    return again, *(ImageStore(again.path / "images" / model) for model in ("original", "edited"))


def listing(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_whether_images_are_missing_is_asked_without_touching_the_folder(done):
    again, original, edited = done
    (again.path / "results.json").unlink()
    damaged = edited.path(sorted(edited.names())[0])
    damaged.write_bytes(b"xx")
    before = listing(again.path)
    assert not again.is_undrawn("originals", original)
    assert not again.is_undrawn("images", edited), "the damaged one still counts as there"
    assert listing(again.path) == before
    again.prepare_images(original, edited)
    assert not damaged.exists()
    assert again.is_undrawn("images", edited)
    assert not again.is_undrawn("originals", original)


def test_images_that_nobody_looks_at_again_are_left_alone(done):
    again, original, edited = done
    damaged = edited.path(sorted(edited.names())[0])
    damaged.write_bytes(b"xx")
    (again.path / "worklist.jsonl").unlink()
    again.prepare_images(original, edited)
    assert damaged.read_bytes() == b"xx"
    assert (again.path / "worklist.jsonl").is_file()
    assert not again.is_undrawn("images", edited)


def test_a_job_leaves_its_config_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.csv").write_text("target,anchor\ndog,cat\nlion,tiger\n")
    spec = resolve([*TINY, "concepts.pairs=[]", "concepts.file=pairs.csv"])
    before = copy.deepcopy(spec)
    job = make_job(spec)
    assert spec == before
    assert job.stored.at("concepts.pairs") == [["dog", "cat"], ["lion", "tiger"]]
    assert spec.stored.at("concepts.pairs") == []
    assert list(job.stored.values) == list(spec.stored.values)
