import json
import subprocess
import sys

import pytest

from erasepro.errors import UserError
from erasepro.study.journal import JOURNAL, Journal, ended

DIRECTIONS = ("minimize", "minimize")


def draw(folder, number, seed=0):
    """The first numbers that a journal's sampler proposes, with their trials ended."""
    drawn = []
    for _ in range(number):
        journal = Journal(folder, seed)
        study = journal.study("a", DIRECTIONS)
        trial = journal.begin(study)
        drawn.append(trial.suggest_float("x", 0, 1))
        journal.finish(study, trial, [drawn[-1], 1 - drawn[-1]], {"words": []})
    return drawn


def test_a_search_that_is_opened_anew_for_every_trial_draws_what_one_process_draws(tmp_path):
    journal = Journal(tmp_path / "once", 3)
    study = journal.study("a", DIRECTIONS)
    once = []
    for _ in range(12):
        trial = journal.begin(study)
        once.append(trial.suggest_float("x", 0, 1))
        journal.finish(study, trial, [once[-1], 1 - once[-1]], {"words": []})
    assert draw(tmp_path / "anew", 12, 3) == once
    assert len(set(once)) == 12
    assert draw(tmp_path / "other", 3, 4) != once[:3]


def test_two_processes_draw_different_trials(tmp_path):
    journals = [Journal(tmp_path, 0), Journal(tmp_path, 0)]
    numbers = []
    for _ in range(3):
        for journal in journals:
            trial = journal.begin(journal.study("a", DIRECTIONS))
            numbers.append(trial.suggest_float("x", 0, 1))
    assert len(set(numbers)) == 6
    assert [journal.count_begun(journal.study("a", DIRECTIONS)) for journal in journals] == [6, 6]


BEGIN_AND_DIE = """
import os, sys
from pathlib import Path
from erasepro.study.journal import Journal
journal = Journal(Path(sys.argv[1]), 0)
study = journal.study("a", ("minimize", "minimize"))
study.enqueue_trial({}, user_attrs={"words": ["x=1"], "of": 7})
journal.begin(study)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_began_is_given_back(tmp_path):
    subprocess.run([sys.executable, "-c", BEGIN_AND_DIE, str(tmp_path)], check=False)
    journal = Journal(tmp_path, 0)
    study = journal.study("a", DIRECTIONS)
    assert [trial.state.name for trial in study.get_trials()] == ["RUNNING"]
    assert journal.count_begun(study) == 0
    assert [trial.state.name for trial in study.get_trials()] == ["FAIL", "WAITING"]
    trial = journal.begin(study)
    assert (trial.user_attrs["words"], trial.user_attrs["of"]) == (["x=1"], 7)
    journal.finish(study, trial, [0.0, 0.0], {})
    assert journal.count_begun(study) == len(ended(study)) == 1


def test_a_refused_setting_counts_as_a_trial_and_says_why(tmp_path):
    journal = Journal(tmp_path, 0)
    study = journal.study("a", DIRECTIONS)
    journal.refuse(study, journal.begin(study), "no", ["solver.ridge=1"])
    assert journal.count_begun(study) == 1
    assert ended(study) == []
    assert study.get_trials()[0].user_attrs["refused"] == "no"


@pytest.mark.parametrize("torn", [b'{"op_code":', b'{"op_code":\n'])
def test_a_line_that_a_killed_process_left_half_written_is_taken_off(tmp_path, torn):
    before = draw(tmp_path, 3)
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(whole + torn)
    journal = Journal(tmp_path, 0)
    assert (tmp_path / JOURNAL).read_bytes() == whole
    assert [trial.params["x"] for trial in ended(journal.study("a", DIRECTIONS))] == before
    draw(tmp_path, 1)
    assert all(json.loads(line) for line in (tmp_path / JOURNAL).read_text().splitlines())


def test_a_damaged_journal_is_one_line(tmp_path):
    draw(tmp_path, 2)
    lines = (tmp_path / JOURNAL).read_text().splitlines(keepends=True)
    (tmp_path / JOURNAL).write_text("".join([lines[0], "no json\n", *lines[1:]]))
    with pytest.raises(UserError, match="damaged"):
        Journal(tmp_path, 0)
