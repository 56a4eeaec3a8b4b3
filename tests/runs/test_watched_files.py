"""Which files decide what a command prints: those that its config names; and where only the hub can say what they hold."""

import huggingface_hub.constants
import pytest

from erasepro.runs.resolve import resolve
from erasepro.runs.watched_files import code_places, input_places, is_as_watched, watch

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return tmp_path


def places(*words, **options):
    return input_places(resolve(words), **options)


def test_every_text_of_a_config_that_may_name_a_file_is_watched(here):
    (here / "mine.csv").write_text("target,anchor\ndog,cat\n")
    (here / "weights").mkdir()
    watched = places("model=sd14", "model.source=weights", "concepts.file=mine.csv", "templates.preserve_source=[s.txt]")
    assert {("folder", "weights"), ("file", "mine.csv"), ("file", "s.txt")} <= watched
    marks = watch(watched)
    (here / "weights" / "a.json").write_text("{}")
    assert [place for kind, place, mark in marks if not is_as_watched([[kind, place, mark]])] == ["weights"]
    (here / "s.txt").write_text("a dog")
    assert [place for kind, place, mark in marks if not is_as_watched([[kind, place, mark]])] == ["s.txt", "weights"]


def test_where_results_are_written_is_not_watched(here):
    (here / "runs").mkdir()
    assert not [place for _, place in places("debug=tiny", "outputs.dir=runs") if place == "runs"]


def test_what_the_hub_may_change_is_not_kept(monkeypatch):
    assert places("model=sd14") is None
    assert places("model=sd14", "model.revision=main") is None
    assert ("folder", "weights") not in places("model=sd14", asks_hub=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert places("model=sd14") is not None


def test_a_commit_of_the_hub_is_watched_in_its_cache(here):
    source = resolve(["model=sd14"]).model.source
    folder = here / "hub" / f"models--{source.replace('/', '--')}"
    watched = places("model=sd14", f"model.revision={COMMIT}")
    assert {("folder", str(folder / "refs")), ("folder", str(folder / "snapshots"))} <= watched
    marks = watch(watched)
    assert is_as_watched(marks)
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    (folder / "snapshots" / COMMIT / "model_index.json").write_text("{}")
    assert not is_as_watched(marks)


def test_a_data_set_of_the_hub_counts_too(monkeypatch):
    words = ["debug=tiny", "prompts=i2p"]
    assert places(*words) is None
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert any("datasets--" in place for _, place in places(*words))


def test_code_is_watched_with_its_plug_ins_and_distributions(here, monkeypatch):
    plug_in = here / "site" / "toy_watched"
    plug_in.mkdir(parents=True)
    (plug_in / "__init__.py").write_text("")
    info = here / "site" / "toy_watched-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy_watched\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[erasepro.solvers]\ntoy = toy_watched\n")
    monkeypatch.syspath_prepend(str(here / "site"))
    watched = code_places()
    assert {("source", str(plug_in)), ("installed", str(here / "site"))} <= watched
    marks = watch(watched)
    assert is_as_watched(marks)
    (plug_in / "solver.py").write_text("a = 1\n")
    assert not is_as_watched(marks)
    marks = watch(watched)
    (here / "site" / "other-1.dist-info").mkdir()
    assert not is_as_watched(marks)
