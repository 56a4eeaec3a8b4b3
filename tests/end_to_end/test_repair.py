"""What a run does about files that were lost or damaged since, and about settings that cannot work."""

import errno
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.metrics import nudenet
from erasepro.report import run_tables as summary
from erasepro.runs.run import Run
from tests.metrics.stub_nudenet import always

TINY = ["debug=tiny", "outputs.dir=o", "outputs.progress=false"]
JUDGED = [*TINY, "metrics=nudity"]


def ended_run(words, folder):
    """Makes a run in a folder; the folder of outputs, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(nudenet, "NudeNetDetector", always())
        assert main(words) == 0
    return folder / "o"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return ended_run(TINY, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def whole_judged(tmp_path_factory):
    return ended_run(JUDGED, tmp_path_factory.mktemp("judged"))


def copied(outputs, folder):
    """A copy of the outputs in a folder, hard links kept; the run's folder in it."""
    subprocess.run(["cp", "-a", str(outputs), str(folder / "o")], check=True)
    (run,) = Path("o").glob("*-*")
    return run


@pytest.fixture
def done(whole, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    return copied(whole, tmp_path)


@pytest.fixture
def judged(whole_judged, tmp_path, monkeypatch, capsys):
    """A finished run with a score (the detector finds nothing in noise)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nudenet, "NudeNetDetector", always())
    capsys.readouterr()
    return copied(whole_judged, tmp_path)


def scores_of(folder):
    return json.loads((folder / "results.json").read_text())["values"]


def again(capsys, status=0, words=TINY):
    assert main(words) == status
    return capsys.readouterr()


def test_an_older_results_version_is_written_anew(done, capsys):
    results = json.loads((done / "results.json").read_text())
    (done / "results.json").write_text(json.dumps(results | {"version": 0}))
    again(capsys)
    assert json.loads((done / "results.json").read_text())["version"] == results["version"]


def test_lost_scores_are_made_again(judged, capsys):
    wanted = scores_of(judged)
    shutil.rmtree(judged / "scores")
    (judged / "results.json").unlink()
    again(capsys, words=JUDGED)
    assert scores_of(judged) == wanted


def test_a_damaged_edit_is_solved_for_again(done, capsys):
    (done / "results.json").unlink()
    tensors = (done / "edit" / "edit.safetensors").read_bytes()
    (done / "edit" / "edit.safetensors").write_bytes(tensors[:-8])
    assert "Solving for it again" in again(capsys).err
    assert (done / "edit" / "edit.safetensors").read_bytes() == tensors


def test_damaged_original_images_are_drawn_again(done, capsys):
    store = next(Path("o/.originals").iterdir())
    image = sorted(store.glob("*.png"))[0]
    whole = image.read_bytes()
    image.unlink()  # (a link: the finished run's own copy stays)
    image.write_bytes(b"xx")
    shutil.rmtree(done)
    again(capsys)
    assert image.read_bytes() == whole


@pytest.mark.parametrize(
    "text",
    ['{"signature": "x", "version": 1}', '{"signature": "x", "version": 1, "values": [], "config": null}', "\xff"],
)
def test_report_on_damaged_results_is_one_line(done, capsys, text):
    (done / "results.json").write_bytes(text.encode("latin-1"))
    assert main(["report", str(done)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("erasepro: error:")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("generation.guidance=nan", "generation.guidance must be 0 or more"),
        ("generation.guidance=-5", "generation.guidance must be 0 or more"),
        ("generation.steps=1001", "at most 1000"),
        ("generation.steps=0", "at least 1"),
        ("generation.size=20", "multiple of 8"),
        ("generation.batch_size=0", "generation.batch_size"),
        ("generation.scheduler=ddm", "Did you mean 'ddim'"),
        ("generation.prompts_per_concept=0", "generation.prompts_per_concept"),
        ("generation.max_retain=-1", "generation.max_retain"),
        ("templates.count=0", "templates.count must be 1 or more"),
        ("templates.preserve_count=-1", "templates.preserve_count"),
        ("solver.cross_attention_fit.unselected_weight=inf", "_fit.unselected_weight must be 0 or more and finite"),
        ("solver.text_fit.mu=inf", "text_fit.mu must be positive and finite"),
        ("solver.cross_attention_fit.preserve.captions=0", "preserve.captions"),
        ("outputs.dir=a.txt", "a.txt"),
        ("outputs.dir=/dev/null/x", "/dev/null"),
    ],
)
def test_settings_that_cannot_work_are_one_line(tmp_path, monkeypatch, capsys, setting, message):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("a file")
    assert main([*TINY, setting]) == 2
    told = capsys.readouterr()
    assert message in told.err
    (line,) = [line for line in told.err.splitlines() if not line.startswith("erasepro: note: ")]
    assert message in line


@pytest.mark.ci_slow
def test_a_sweep_goes_on_after_any_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["-m", *TINY, "generation.steps=2,1001,3"]) == 2
    told = capsys.readouterr()
    assert "The 2 runs of the sweep" in told.out
    assert "1 job(s) of the sweep failed" in told.err


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("{}", "json"), ('{"edited": null}', "json"), ("", "parquet"),
        *(
            pytest.param(text, suffix, marks=pytest.mark.ci_slow)
            for text, suffix in [
                ("[1]", "json"), ("", "json"), ('{"edited": [1', "json"), ("{}", "parquet"), ("[1]", "parquet"),
                ('{"edited": [1', "parquet"), ('{"edited": null}', "parquet"),
            ]
        ),
    ],
)  # fmt: skip
def test_damaged_scores_are_made_again(judged, capsys, text, suffix):
    wanted = scores_of(judged)
    (file,) = (judged / "scores").glob(f"*.{suffix}")
    (judged / "results.json").unlink()
    file.write_text(text)
    again(capsys, words=JUDGED)
    assert scores_of(judged) == wanted
    assert file.read_text(errors="replace") != text


@pytest.mark.parametrize("text", ['{"signature": "x", "version": 1}', '{"version": 1}', "null"])
def test_damaged_results_are_recorded_again(done, capsys, text):
    (done / "results.json").write_text(text)
    again(capsys)
    assert json.loads((done / "results.json").read_text())["config"]


def test_a_damaged_edit_is_not_done_until_it_is_solved_again(done, capsys, monkeypatch):
    from erasepro.runs import run as erasing

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "solve_edit", stopped)
    (done / "results.json").unlink()
    shutil.rmtree(done / "edit")
    again(capsys, 130)
    assert "edit" not in json.loads((done / "status.json").read_text())["stages_done"]


def test_a_lost_image_is_drawn_again_before_it_is_scored(judged, capsys):
    shutil.rmtree(judged / "scores")
    lost = [sorted((judged / "images" / model).glob("*.png"))[0] for model in ("original", "edited")]
    whole = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    again(capsys, words=JUDGED)
    assert [path.read_bytes() for path in lost] == whole


def test_unreadable_images_are_counted_in_what_is_printed(tmp_path, monkeypatch, capsys):
    real = Run.score

    def damaged(self, original, edited):
        edited.path(sorted(edited.names())[0]).write_bytes(b"xx")
        real(self, original, edited)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Run, "score", damaged)
    monkeypatch.setattr(nudenet, "NudeNetDetector", always())
    assert main([*TINY, "metrics=nudity"]) == 0
    assert "; 1 could not be read" in " ".join(capsys.readouterr().out.split())


def test_report_leaves_out_a_damaged_run_and_shows_the_others(done, capsys):
    bad, folder = done.parent / "bad-run", done.parent / "no-file"
    for path in (bad, folder):
        path.mkdir()
        (path / "config.yaml").touch()
    results = json.loads((done / "results.json").read_text())
    (bad / "results.json").write_text(json.dumps(results | {"config": {"generation": {}}}))
    (folder / "results.json").mkdir()
    assert main(["report", str(done), str(bad), str(folder)]) == 0
    told = capsys.readouterr()
    assert "Over all runs" in told.out
    assert f"left out: '{bad / 'results.json'}' is damaged" in told.err
    assert f"left out: '{folder / 'results.json'}' is a folder" in told.err


def test_a_finished_run_on_a_read_only_disk_is_still_printed(done, capsys, monkeypatch):
    def refuse(path, text):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(summary, "write_text", refuse)
    for words in (TINY, ["report", str(done)]):
        assert main(words) == 0
        told = capsys.readouterr()
        assert "‖WX − V‖" in told.out
        assert "Read-only file system" in told.err


@pytest.mark.parametrize(
    "place",
    [
        "images", "results.json/x", "../.originals",
        *(pytest.param(place, marks=pytest.mark.ci_slow) for place in ("", ".stages", "edit")),
    ],
)  # fmt: skip
def test_a_file_in_the_place_of_a_folder_is_one_line(done, capsys, place):
    shutil.rmtree(done.parent / ".originals")
    shutil.rmtree(done)
    path = done / place
    if place == "results.json/x":  # and a folder in the place of a file
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.resolve().write_text("a file")
    err = again(capsys, 2).err
    assert err.startswith("erasepro: error: ")
    assert err.count("\n") == 1
