"""A full disk is one clear line, whatever was being written, and the same command goes on from there."""

import json
import shutil

import pytest

from erasepro.cli.main import main
from erasepro.metrics import nudenet
from erasepro.results.run_folder import RunFolder
from tests.end_to_end.full_disk import fill_after
from tests.end_to_end.processes import outcome, strays
from tests.metrics.stub_nudenet import always

TINY = ["debug=tiny", "metrics=nudity", "outputs.progress=false", "generation.seeds=[0,1]"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nudenet, "NudeNetDetector", always())
    return tmp_path


@pytest.fixture
def whole(here):
    """What an undisturbed run leaves, and the bytes that it writes."""
    with pytest.MonkeyPatch.context() as patch:
        meter = fill_after(10**9, patch)
        assert main(TINY) == 0
    found = outcome(here)
    shutil.rmtree(here / "outputs")
    return found, 10**9 - meter.left


SHARES = [0, 0.4, *(pytest.param(share, marks=pytest.mark.ci_slow) for share in (0.01, 0.05, 0.2, 0.6, 0.8, 0.9))]


@pytest.mark.parametrize("share", SHARES)
def test_a_full_disk_is_one_line_and_the_run_resumes(here, whole, capsys, share):
    wanted, size = whole
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        fill_after(int(share * size), patch)
        status = main(TINY)
    told = capsys.readouterr()
    assert status in (1, 2), told.out
    assert "full" in told.err
    assert told.err.count("\n") == 1, told.err
    assert main(TINY) == 0
    assert outcome(here) == wanted
    assert not strays(here)


@pytest.mark.parametrize("left", [*(pytest.param(left, marks=pytest.mark.ci_slow) for left in (0, 100, 20_000)), 4000])
def test_a_full_disk_while_scoring_leaves_a_finished_run_done(here, capsys, left):
    assert main(TINY) == 0
    (run,) = (here / "outputs").glob("*-*")
    markers = sorted(run.glob(".stages/*"))
    before = {path: path.read_bytes() for path in (run / "status.json", run / "results.json", *markers[:-1])}
    words = ["score", str(run), "metrics=[nudenet]", "metrics.params.nudenet.threshold=0.4"]
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        fill_after(left, patch)
        assert main(words) == 1
    told = capsys.readouterr()
    assert "full" in told.err
    assert told.err.count("\n") == 1, told.err
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(run.glob(".stages/*")) == markers, "the last, of the scores, may be that of the stage that ended"
    assert RunFolder.at(run, json.loads((run / "results.json").read_text())["signature"]).done
    assert main(words) == main(TINY) == 0
    assert not strays(here)
