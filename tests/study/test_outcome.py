"""What became of a run, and whether it still holds."""

import os

import pytest

from erasepro.runs.finished_command import mark_run
from erasepro.runs.watched_files import watch
from erasepro.study.outcome import DONE, FAILED, Outcome

WORDS = ("solver=uce",)


@pytest.fixture
def made(tmp_path):
    """An input, a run's folder, and the outcome that hangs on both."""
    source, run = tmp_path / "pairs.csv", tmp_path / "run"
    source.write_text("target,anchor\n")
    run.mkdir()
    (run / "results.json").write_text("{}")
    marks = tuple((kind, place, mark) for kind, place, mark in watch({("file", str(source))}))
    return source, run, Outcome(DONE, WORDS, "run", marks=marks, content=mark_run(run))


def test_it_holds_as_long_as_inputs_and_run_are_as_they_were(made):
    source, run, outcome = made
    assert outcome.is_current(WORDS, run, {})
    assert not outcome.is_current(("solver=oce",), run, {})
    source.write_text("target,anchor\ndog,cat\n")
    assert not outcome.is_current(WORDS, run, {})


def test_a_changed_or_missing_run_does_not_hold(made):
    _, run, outcome = made
    (run / "results.json").write_text("{ }")
    assert not outcome.is_current(WORDS, run, {})
    (run / "results.json").unlink()
    os.rmdir(run)
    assert not outcome.is_current(WORDS, run, {})


def test_what_cannot_be_told_or_failed_does_not_hold(made):
    _, run, outcome = made
    assert not Outcome(DONE, WORDS, "run", content=outcome.content).is_current(WORDS, run, {})
    assert not Outcome(FAILED, WORDS, "run", marks=outcome.marks, content=outcome.content).is_current(WORDS, run, {})


def test_it_is_read_as_it_was_written_and_damaged_it_is_none(made, tmp_path):
    *_, outcome = made
    outcome.write(tmp_path / "o.json")
    assert Outcome.read(tmp_path / "o.json") == outcome
    text = (tmp_path / "o.json").read_text()
    (tmp_path / "o.json").write_text(text.replace('"run"', '"ran"', 1))
    assert Outcome.read(tmp_path / "o.json") is None
    assert Outcome.read(tmp_path / "gone.json") is None
