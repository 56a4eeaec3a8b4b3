"""The process that talks to W&B, without W&B: what it does with its messages."""

from __future__ import annotations

import io
import json

from erasepro.tracking import wandb_process
from erasepro.tracking.wandb_process import Logger, serve

POINTS = [{"place": 0.0, "k/residual": 0.5}, {"place": 1.0, "k/residual": 0.25}]


class Run:
    """A W&B run that is known at the server already, or not."""

    def __init__(self, resumed=False, summary=()):
        self.resumed, self.summary, self.logged, self.defined = resumed, dict(summary), [], {}

    def define_metric(self, name, **how):
        self.defined[name] = how

    def log(self, row):
        self.logged.append(row)


def curves(run):
    logger = Logger(lambda _: None)
    logger.run = run
    logger.curves("layers", "place", POINTS)
    return run


def test_curves_are_a_history_row_a_point():
    run = curves(Run())
    assert run.logged == [
        {"layers/place": 0.0, "layers/k/residual": 0.5},
        {"layers/place": 1.0, "layers/k/residual": 0.25},
    ]
    assert run.defined["layers/*"]["step_metric"] == "layers/place"


def test_a_resumed_run_does_not_get_its_curves_twice():
    assert curves(Run(resumed=True, summary=curves(Run()).summary)).logged == []
    assert len(curves(Run(resumed=True)).logged) == 2, "it was stopped before it had any"


def served(messages, monkeypatch, orphaned=False):
    """What was done, and what was told."""
    done, told = [], []

    class Recorder:
        def __init__(self, tell):
            self.run = None

        def open(self):
            done.append("open")
            self.run = Run()

        def summary(self, summary):
            if not summary:
                raise ValueError("nothing\nin it")
            done.append(summary)

        def close(self, failed):
            done.append(f"failed={failed}")

    monkeypatch.setattr(wandb_process, "Logger", Recorder)
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    serve(io.StringIO(lines), told.append, lambda: orphaned)
    return done, told


def test_what_fails_is_told_and_the_rest_is_done(monkeypatch):
    messages = [
        {"do": "open"},
        {"do": "summary", "summary": {}},
        {"do": "summary", "summary": {"a": 1}},
        {"do": "close", "failed": False},
    ]
    done, told = served(messages, monkeypatch)
    assert done == ["open", {"a": 1}, "failed=False"]
    assert told == ["tracker 'wandb' failed (nothing in it); the run goes on."]


def test_messages_that_end_close_the_run_as_failed(monkeypatch):
    assert served([{"do": "open"}], monkeypatch) == (["open", "failed=True"], [])


def test_a_run_that_was_killed_before_is_not_opened(monkeypatch):
    done, _ = served([{"do": "open"}, {"do": "summary", "summary": {"a": 1}}], monkeypatch, orphaned=True)
    assert "open" not in done
    assert {"a": 1} not in done
