"""Any tracker: its failures are one line, and never the end of a run."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from erasepro.config.schema import TrackerConfig
from erasepro.errors import UserError
from erasepro.tracking import TRACKERS, RunInfo, start_tracker


class Broken:
    def __init__(self, *args):
        self.closed = []

    def log_summary(self, *args):
        raise RuntimeError("server\nsays no")

    log_table = log_curves = log_image = log_files = log_summary

    def finish(self, failed=False):
        self.closed.append(failed)
        raise RuntimeError("again")


def registered(monkeypatch, build):
    TRACKERS.names()
    monkeypatch.setitem(TRACKERS._entries, "broken", build)
    return TrackerConfig(name="broken")


def log_everything(tracker, folder):
    tracker.log_summary({"a": 1.0})
    tracker.log_table("t", ["a"], [[1]])
    tracker.log_curves("c", "x", [{"x": 0.0, "y": 1.0}])
    tracker.log_image("grid", folder / "no.png")
    tracker.log_files("edit", "edit", [folder / "no.json"], {})


def test_none_accepts_everything(tmp_path):
    with start_tracker(TrackerConfig(name="none"), RunInfo(tmp_path, "run")) as tracker:
        log_everything(tracker, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_tracker_is_a_user_error(tmp_path):
    cfg = TrackerConfig(name="wandbb")
    with pytest.raises(UserError, match="Did you mean 'wandb'"), start_tracker(cfg, RunInfo(tmp_path, "r")):
        pass


def test_failures_warn_once_in_one_line_and_go_on(monkeypatch, tmp_path, capsys):
    with start_tracker(registered(monkeypatch, Broken), RunInfo(tmp_path, "run")) as tracker:
        log_everything(tracker, tmp_path)
    err = capsys.readouterr().err
    assert err == "erasepro: warning: tracker 'broken' failed (server says no); the run goes on.\n"


def test_failure_to_start_warns_and_goes_on(monkeypatch, tmp_path, capsys):
    def build(*_):
        raise OSError("no socket")

    with start_tracker(registered(monkeypatch, build), RunInfo(tmp_path, "run")) as tracker:
        log_everything(tracker, tmp_path)
    assert "no socket" in capsys.readouterr().err


@pytest.mark.parametrize("error", [None, ValueError("a stage failed"), KeyboardInterrupt()])
def test_a_run_that_fails_is_closed_as_failed(monkeypatch, tmp_path, error):
    made = Broken()
    cfg = registered(monkeypatch, lambda *_: made)
    with pytest.raises(type(error)) if error else nullcontext(), start_tracker(cfg, RunInfo(tmp_path, "run")):
        if error:
            raise error
    assert made.closed == [error is not None]
