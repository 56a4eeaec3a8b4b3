"""Trackers: offline by default, inside the run's folder, and never the end of a run."""

from __future__ import annotations

import os

import pytest

from erasepro.errors import UserError
from erasepro.schema import TrackerConfig
from erasepro.tracking import TRACKERS, start_tracker
from erasepro.tracking.wandb import choose_mode


class Broken:
    def __init__(self, *args):
        pass

    def log_summary(self, summary):
        raise RuntimeError("server\nsays no")

    log_table = log_image = finish = log_summary


@pytest.fixture
def broken(monkeypatch):
    TRACKERS.names()
    monkeypatch.setitem(TRACKERS._entries, "broken", Broken)


def test_none_accepts_everything(tmp_path):
    with start_tracker(TrackerConfig(name="none"), tmp_path, "run", {}) as tracker:
        tracker.log_summary({"a": 1.0})
        tracker.log_table("t", ["a"], [[1]])
        tracker.log_image("grid", tmp_path / "no.png")
    assert list(tmp_path.iterdir()) == []


def test_unknown_tracker_is_a_user_error(tmp_path):
    cfg = TrackerConfig(name="wandbb")
    with pytest.raises(UserError, match="Did you mean 'wandb'"), start_tracker(cfg, tmp_path, "r", {}):
        pass


def test_failure_warns_once_in_one_line_and_goes_on(broken, tmp_path, capsys):
    with start_tracker(TrackerConfig(name="broken"), tmp_path, "run", {}) as tracker:
        tracker.log_summary({"a": 1.0})
        tracker.log_summary({"a": 1.0})
    err = capsys.readouterr().err
    assert err == "erasepro: warning: tracker 'broken' failed (server says no); the run goes on.\n"


def test_failure_to_start_warns_and_goes_on(monkeypatch, tmp_path, capsys):
    TRACKERS.names()

    def build(*_):
        raise OSError("no socket")

    monkeypatch.setitem(TRACKERS._entries, "broken", build)
    with start_tracker(TrackerConfig(name="broken"), tmp_path, "run", {}) as tracker:
        tracker.log_summary({"a": 1.0})
    assert "no socket" in capsys.readouterr().err


def test_mode(monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    assert choose_mode("auto") == "offline"
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert choose_mode("auto") == "online"
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert choose_mode("auto") == "offline"
    assert choose_mode("online") == "online"
    with pytest.raises(UserError, match=r"tracker\.mode.*'ofline'"):
        choose_mode("ofline")


def test_bad_mode_stops_before_the_work(tmp_path):
    with pytest.raises(UserError, match=r"tracker\.mode"), start_tracker(TrackerConfig(mode="on"), tmp_path, "run", {}):
        pass


def test_wandb_offline_run_lies_in_the_run_folder(tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    before = dict(os.environ)
    for job in ("a", "b"):  # two jobs in one process, as in a sweep
        with start_tracker(TrackerConfig(mode="offline"), tmp_path / job, job, {"solver": {"name": "uce"}}) as tracker:
            tracker.log_summary({"top1": 0.5})
            tracker.log_table("table", ["a", "b"], [[1, "x"]])
        assert len(list((tmp_path / job / "wandb").glob("offline-run-*"))) == 1
    assert {k: v for k, v in os.environ.items() if k.startswith("WANDB_D")} == {
        k: v for k, v in before.items() if k.startswith("WANDB_D")
    }
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")


@pytest.mark.parametrize("key", ["not-a-key", pytest.param("0123456789" * 4, marks=pytest.mark.slow)])
def test_broken_login_goes_on_offline_with_one_line(tmp_path, capfd, monkeypatch, key):
    monkeypatch.setenv("WANDB_API_KEY", key)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with start_tracker(TrackerConfig(mode="online"), tmp_path / "a", "a", {}) as tracker:
        tracker.log_summary({"top1": 0.5})
    err = capfd.readouterr().err
    assert err.startswith("erasepro: warning: the W&B login failed"), err
    assert err.count("\n") == 1, err
    assert list((tmp_path / "a" / "wandb").glob("offline-run-*"))


def test_disabled_in_the_environment_writes_nothing(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with start_tracker(TrackerConfig(), tmp_path / "a", "a", {}) as tracker:
        tracker.log_summary({"top1": 0.5})
        tracker.log_table("table", ["a"], [[1]])
    assert list(tmp_path.iterdir()) == []
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")
    assert choose_mode("offline") == "offline", "what the config says wins"


def test_an_unknown_mode_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    for mode in ("auto", "offline"):
        with pytest.raises(UserError, match=r"WANDB_MODE: got 'nonsense', allowed: online, .*disabled"):
            choose_mode(mode)
