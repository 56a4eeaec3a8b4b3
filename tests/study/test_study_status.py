"""How far a study is."""

from erasepro.cli.main import main
from erasepro.study.outcome import DONE, FAILED, Outcome
from erasepro.study.study_status import study_lines
from tests.study.studies import tiny_study


def test_what_is_done_running_failed_and_left(tmp_path, capsys):
    folder = tiny_study(tmp_path / "s", ("uce", "oce", "emcid"), (0, 1))
    first, second, third = folder.plan.cells[:3]
    folder.end(first, Outcome(DONE, first.words, run="../run", seconds=40.0))
    folder.end(second, Outcome(FAILED, second.words, error="no\x1b[31m room"))
    lease = folder.lease(third)
    assert lease.take()
    lines = study_lines(tmp_path / "s", 1000)
    lease.release()
    assert lines[1] == "  1 of 6 runs done, 1 running, 1 failed, 3 not begun"
    assert lines[2] == "  about 140 s left with 1 at work, 40 s a run so far".replace("140 s", "2 min")
    assert lines[3].startswith("  running: solver=oce, seed=0: process ")
    assert lines[4] == "  failed: solver=uce, seed=1: no\\x1b[31m room"
    assert main(["status", str(tmp_path / "s")]) == 0
    shown = capsys.readouterr().out
    assert "1 of 6 runs done, 0 running, 1 failed, 4 not begun" in shown
    assert "nobody is at work on it: erasepro work" in " ".join(shown.split())


def test_lines_are_as_wide_as_the_terminal(tmp_path):
    folder = tiny_study(tmp_path / "s")
    first = folder.plan.cells[0]
    folder.end(first, Outcome(FAILED, first.words, error="word " * 200))
    assert all(len(line) <= 60 for text in study_lines(tmp_path / "s", 60) for line in text.splitlines() if "/" not in line)
