"""A run's stages: what asks changes nothing, and a job leaves the config that it is made of alone."""

from __future__ import annotations

import copy
import subprocess
from contextlib import contextmanager

import pytest

from erasepro.edit import Edit
from erasepro.generation import ImageStore
from erasepro.metrics import nudenet
from erasepro.results.results_json import Results
from erasepro.runs import run as runner
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.runs.run import Run, run
from erasepro.runtime import progress
from tests.metrics.stub_nudenet import always

TINY = ["debug=tiny", "outputs.dir=o", "outputs.progress=false"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of outputs with one finished run, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(resolve(TINY))
    return folder / "o"


@pytest.fixture
def done(finished, tmp_path, monkeypatch):
    """A finished run, and its stores of original and of edited images."""
    subprocess.run(["cp", "-a", str(finished), str(tmp_path / "o")], check=True)  # hard links stay links
    monkeypatch.chdir(tmp_path)
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


def test_what_follows_the_pictures_is_a_stage_that_is_shown(done, monkeypatch):
    again, *_ = done
    (again.path / "results.json").unlink()
    titles, during = [], {}

    class Titles:
        @contextmanager
        def stage(self, stage):
            titles.append(stage.title)
            yield lambda n: None
            titles.pop()

    def spy(place, name):
        real = getattr(place, name)

        def noted(*args, **kwargs):
            during[name] = titles[-1:]
            return real(*args, **kwargs)

        monkeypatch.setattr(place, name, noted)

    monkeypatch.setattr(progress, "_Lines", Titles)
    monkeypatch.setattr(nudenet, "NudeNetDetector", always())
    spy(nudenet.NudeNet, "compute")
    spy(runner, "before_after_grid")
    spy(Results, "save")
    run(resolve([*TINY[:2], "metrics.names=[nudenet]"]))
    recording = ["Recording the results"]
    assert during == {"compute": ["Computing the scores"], "before_after_grid": recording, "save": recording}


def test_the_lost_images_of_a_finished_run_are_drawn_again_and_told(done, capsys):
    again, original, edited = done
    wanted = {path: path.read_bytes() for path in again.path.glob("images/*/*.png")}
    names = sorted(edited.names())
    edited.path(names[0]).write_bytes(b"xx")
    edited.path(names[1]).unlink()
    original.path(names[2]).unlink()
    capsys.readouterr()
    run(resolve(TINY))
    told = capsys.readouterr()
    assert "Done before" not in told.out
    line = f"2 images of {str(edited.folder)!r} are gone or damaged ({names[0]}.png: not the bytes that were drawn, …)"
    assert f"{line}: drawn again." in told.err
    assert f"1 images of {str(original.folder)!r} are gone or damaged ({names[2]}.png: gone): drawn again." in told.err
    assert told.err.count("\n") == 2
    assert {path: path.read_bytes() for path in again.path.glob("images/*/*.png")} == wanted
    run(resolve(TINY))
    told = capsys.readouterr()
    assert "Done before" in told.out
    assert told.err == ""


def test_a_changed_work_list_of_a_finished_run_is_written_anew_and_told(done, capsys):
    again, _, _ = done
    file = again.path / "worklist.jsonl"
    text = file.read_text()
    file.write_text(text.replace('"role": "target"', '"role": "retain"', 1))
    capsys.readouterr()
    run(resolve(TINY))
    assert capsys.readouterr().err == f"erasepro: {str(file)!r} is not this run's work list: written anew.\n"
    assert file.read_text() == text


def test_exchanged_folders_of_images_are_drawn_again(done, capsys):
    again, original, edited = done
    wanted = {path: path.read_bytes() for path in again.path.glob("images/*/*.png")}
    spare = original.folder.with_name("spare")
    original.folder.rename(spare)
    edited.folder.rename(original.folder)
    spare.rename(edited.folder)
    capsys.readouterr()
    run(resolve(TINY))
    assert capsys.readouterr().err.count("are not of this model and edit: drawn again.\n") == 2
    assert {path: path.read_bytes() for path in again.path.glob("images/*/*.png")} == wanted


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


def test_the_edit_is_drawn_at_the_strength_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    none, half = (run(resolve([*TINY, f"strength={share}"])) for share in (0, 0.5))
    assert (none.method, half.method) == ("erasepro strength=0", "erasepro strength=0.5")
    folders = [tmp_path / "o" / f"{results.name}-{results.signature[:8]}" for results in (none, half)]
    assert [Edit.load(folder / "edit").strength for folder in folders] == [0.0, 0.5]
    originals, unchanged, changed = (
        [path.read_bytes() for path in sorted((folder / "images" / model).glob("*.png"))]
        for folder, model in ((folders[0], "original"), (folders[0], "edited"), (folders[1], "edited"))
    )
    assert originals == unchanged
    assert originals != changed
    test = none.residuals["test"]
    assert test["residual"] == pytest.approx(test["before"])
