"""Workers: each run is made once, whoever dies; what is done is not asked again; a model is loaded once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from erasepro.results.results_json import Results
from erasepro.runs import model_shelf
from erasepro.study.outcome import DONE, FAILED
from erasepro.study.study_folder import StudyFolder
from erasepro.study.workers import Worker
from tests.study.studies import tiny_study

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def facts(folder):
    """What a study's runs found, by place on its axes, without what hangs on the clock."""
    runs = {cell.shown: Results.load(path / "results.json") for cell, path in folder.finished()}
    return {shown: (run.hashes, run.residuals, run.signature) for shown, run in runs.items()}


def test_a_worker_makes_all_and_then_nothing(place, monkeypatch):
    loaded = []
    load = model_shelf.load_model
    monkeypatch.setattr(model_shelf, "load_model", lambda cfg: loaded.append(cfg) or load(cfg))
    folder = tiny_study(place / "s", ("uce", "oce"), (0, 1))
    lines = []
    Worker(folder, tell=lines.append).work()
    assert len(loaded) == 1
    assert [line.split(":")[0] for line in lines] == [f"[{n} of 4] {cell.shown}" for n, cell in enumerate(folder.plan.cells, 1)]
    assert len(facts(folder)) == 4
    assert "residual" in (place / "s" / "logs" / "0001.log").read_text()
    again = Worker(StudyFolder(place / "s"), tell=lines.append)
    again.work()
    assert again.made == 0
    (run,) = (path for cell, path in folder.finished() if cell.number == 3)
    (run / "config.yaml").write_text("changed\n")  # the run's folder is not as it was: it is asked again
    third = Worker(StudyFolder(place / "s"), tell=lines.append)
    third.work()
    assert third.made == 1
    assert list((place / "s" / "claims").iterdir()) == []


def test_the_models_of_one_worker_give_what_commands_give(place):
    shared = tiny_study(place / "s", ("uce", "emcid"), (0,), "outputs.dir=shared")
    Worker(shared, tell=str).work()
    alone = tiny_study(place / "t", ("uce", "emcid"), (0,), "outputs.dir=alone")
    for _ in alone.plan.cells:
        Worker(alone, tell=str).work(wait=False)
    single = {path.name: path for _, path in alone.finished()}
    for _, path in shared.finished():
        assert Results.load(path / "results.json").hashes == Results.load(single[path.name] / "results.json").hashes


def test_a_run_that_fails_is_told_and_the_others_are_made(place, capsys):
    folder = tiny_study(place / "s", ("uce", "nonsense", "oce"))
    Worker(folder, tell=str).work()
    assert [folder.outcome(cell).state for cell in folder.plan.cells] == [DONE, FAILED, DONE]
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert line.startswith("erasepro: error: [2 of 3] solver=nonsense, seed=0: Unknown solver 'nonsense'.")


def test_fail_fast_begins_no_run_once_one_has_failed(place, capsys):
    folder = tiny_study(place / "s", ("nonsense", "uce"))
    Worker(folder, fail_fast=True, tell=str).work()
    assert [outcome and outcome.state for outcome in map(folder.outcome, folder.plan.cells)] == [FAILED, None]


def test_a_bug_is_that_runs_failure(place, monkeypatch):
    monkeypatch.setattr("erasepro.study.workers.run", lambda spec: 1 / 0)
    folder = tiny_study(place / "s", ("uce",))
    Worker(folder, tell=str).work()
    assert folder.outcome(folder.plan.cells[0]).error == "ZeroDivisionError: division by zero"


def start(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "erasepro", "work", str(folder)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.ci_slow
def test_workers_may_be_killed_at_any_time(place):
    undisturbed = tiny_study(place / "u", ("uce", "oce", "emcid"), (0, 1, 2), "outputs.dir=one", directory=str(place))
    Worker(undisturbed, tell=str).work()
    folder = tiny_study(place / "s", ("uce", "oce", "emcid"), (0, 1, 2), "outputs.dir=two", directory=str(place))
    draw, workers, kills = random.Random(5), [start(place / "s") for _ in range(2)], 0
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and any(worker.poll() is None for worker in workers):
        time.sleep(draw.uniform(4, 9))
        victim = draw.choice(workers)
        if kills < 4 and victim.poll() is None:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            workers[workers.index(victim)] = start(place / "s")
            kills += 1
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert kills > 0
    assert facts(StudyFolder(place / "s")) == facts(undisturbed)
    assert len(facts(folder)) == 9
    assert list((place / "s" / "claims").iterdir()) == []
