"""``erasepro -m``: every combination is a run, one that fails stops no other, and the joint table stands at the end."""

import os
import sys
from types import SimpleNamespace

import pytest

from erasepro.cli import sweep as module
from erasepro.cli.sweep import sweep
from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.runs import run as runner
from tests.report.made_runs import erased, kept, make_run
from tests.runtime.test_progress import on_terminal

TINY = ["debug=tiny", "outputs.dir=o"]


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Runs that only note their configs; `jobs.fail[steps]` is what a job with that many steps raises."""
    monkeypatch.chdir(tmp_path)
    noted = SimpleNamespace(configs=[], fail={}, tables=[])

    def run(cfg):
        noted.configs.append(cfg)
        if cfg.generation.steps in noted.fail:
            raise noted.fail[cfg.generation.steps]
        return SimpleNamespace(name=cfg.name, signature=f"{cfg.generation.steps}" * 64)

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(module, "_summary", lambda done: noted.tables.append([path.name for _, path in done]))
    return noted


def test_every_combination_is_run_in_turn(jobs):
    assert sweep([*TINY, "generation.steps=2,3", "solver=uce,oce"]) == 0
    assert {(c.generation.steps, c.solver.name) for c in jobs.configs} == {
        (2, "uce"),
        (2, "oce"),
        (3, "uce"),
        (3, "oce"),
    }
    assert len(jobs.configs) == 4
    assert len({c.tracker.group for c in jobs.configs}) == 1, "one group a sweep"
    assert jobs.configs[0].tracker.group


def test_each_job_is_headed_by_a_line_with_its_number_and_what_is_swept(jobs, capsys):
    jobs.fail = {3: UserError("no such thing")}
    sweep([*TINY, "solver=uce", "solver.edit_scale=1", "generation.steps=2,3", "solver.ridge=1,x"])
    out = capsys.readouterr().out
    swept = [(2, 1), (2, "x"), (3, 1), (3, "x")]
    assert out == "".join(f"\n[{i} of 4] generation.steps={n} solver.ridge={r}\n" for i, (n, r) in enumerate(swept, 1))


def test_the_same_run_twice_has_two_numbers(jobs, capsys):
    sweep([*TINY, "solver=uce", "generation.steps=2,2,3"])
    out = capsys.readouterr().out
    assert [line[:8] for line in out.splitlines() if line.startswith("[")] == ["[1 of 3]", "[2 of 3]", "[3 of 3]"]


def test_a_spinner_leaves_the_line_of_a_job(tmp_path):
    script = """
import time
from types import SimpleNamespace
from erasepro.cli import sweep
from erasepro.runs import run as runner
from erasepro.runtime.progress import shown, stage

def run(spec):
    with stage("Making sentences and prompts"):
        time.sleep(0.3)
    return SimpleNamespace(name="x", signature=f"{spec.generation.steps}" * 64)

runner.run, sweep._summary = run, print
with shown():
    sweep.sweep(["debug=tiny", "outputs.dir=o", "generation.steps=2,3"])
"""
    seen, _ = on_terminal(stdout_too=True, script=script, cwd=tmp_path)
    for header in ("[1 of 2] generation.steps=2\r\n", "[2 of 2] generation.steps=3\r\n"):
        assert header in seen


def test_one_failure_is_told_and_the_others_run(jobs, capsys):
    jobs.fail = {2: UserError("no such thing"), 3: ValueError("a bug\nof two lines")}
    assert sweep([*TINY, "generation.steps=2,3,4,5"]) == 2
    assert [c.generation.steps for c in jobs.configs] == [2, 3, 4, 5]
    err = capsys.readouterr().err
    assert "erasepro: error: no such thing\n" in err
    assert "erasepro: error: ValueError: a bug of two lines\n" in err
    assert err.endswith("erasepro: 2 job(s) of the sweep failed, see above.\n")
    assert "Traceback" not in err
    assert len(jobs.tables[0]) == 2


def test_a_job_that_fails_by_no_mistake_is_status_1(jobs):
    jobs.fail = {3: ValueError("a bug")}
    assert sweep([*TINY, "generation.steps=2,3"]) == 1


def test_no_job_is_begun_when_nobody_reads_any_more(jobs, capsys):
    jobs.fail = {2: BrokenPipeError()}
    with pytest.raises(BrokenPipeError):
        sweep([*TINY, "generation.steps=2,3,4"])
    assert [c.generation.steps for c in jobs.configs] == [2]
    assert "BrokenPipe" not in capsys.readouterr().err


def test_a_note_a_job_that_does_not_read_what_was_given(jobs, capsys):
    assert sweep([*TINY, "solver=uce,erasepro", "schedule=shallow_only"]) == 0
    assert capsys.readouterr().err.count("schedule has no effect: the solver 'uce' has no schedule.") == 1


def test_a_value_that_is_wrong_in_one_job_is_that_jobs(jobs, capsys):
    assert sweep([*TINY, "solver=uce", "solver.ridge=1,x"]) == 2
    assert [c.solver.ridge for c in jobs.configs] == [1.0]
    assert "Bad value for 'solver.ridge': got 'x', expected a number." in capsys.readouterr().err


def test_at_the_end_stand_the_joint_table_and_the_paired_tests(tmp_path, capsys):
    folders = [
        make_run(tmp_path / f"{solver} {i}", solver, pair, names)
        for solver, names in (("erasepro", erased), ("uce", kept)) for i, pair in enumerate((("dog", "cat"), ("car", "bus")))
    ]
    module._summary([(Results.load(folder / "results.json"), folder) for folder in folders])
    out = capsys.readouterr().out
    assert "The 4 runs of the sweep" in out
    assert "Paired tests" in out
    assert "anchor shown" in out.partition("Paired tests")[2]
    assert "Again: erasepro report" in out


def test_the_same_run_twice_is_counted_once(jobs, capsys):
    assert sweep([*TINY, "generation.steps=2", "generation.batch_size=1,2"]) == 0
    assert len(jobs.configs) == 2
    assert "It is counted once." in capsys.readouterr().out
    assert jobs.tables == [], "one run has no joint table"


def test_nothing_of_hydras_stays_behind(jobs, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    words = sys.argv
    sweep([*TINY, "generation.steps=2,3"])
    assert sys.argv is words
    assert os.environ["HYDRA_FULL_ERROR"] == "0"
    monkeypatch.delenv("HYDRA_FULL_ERROR")
    sweep([*TINY, "generation.steps=2,3"])
    assert "HYDRA_FULL_ERROR" not in os.environ


def test_its_settings_leave_no_folder(jobs, tmp_path):
    jobs.fail = {2: UserError("no such thing"), 3: UserError("no such thing")}
    assert sweep([*TINY, "generation.steps=2,3", "outputs.dir=new/deep"]) == 2
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "o").mkdir()
    assert sweep([*TINY, "generation.steps=2,3"]) == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["o"], "a folder that was there stays"


def test_a_mistake_in_the_words_stops_before_any_job(jobs):
    with pytest.raises(UserError, match="Did you mean"):
        sweep([*TINY, "solver=ucee,uce"])
    assert jobs.configs == []
