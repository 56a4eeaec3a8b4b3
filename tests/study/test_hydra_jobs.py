"""Hydra's launchers as clients of a study's folder: each gives what a worker gives."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from erasepro.errors import UserError
from erasepro.results.results_json import Results
from erasepro.study import hydra_jobs
from erasepro.study.hydra_jobs import JobConfig, check_launcher, make_run
from erasepro.study.study_folder import StudyFolder
from erasepro.study.workers import Worker
from tests.study.studies import tiny_study

ROOT = Path(__file__).parents[2]
LAUNCH = """
import sys
from pathlib import Path
from erasepro.study.hydra_jobs import launch
from erasepro.study.study_folder import StudyFolder
if __name__ == "__main__":
    launch(StudyFolder(Path(sys.argv[1])), sys.argv[2], sys.argv[3:])
"""
WORDS = {"joblib": ("hydra.launcher.n_jobs=2",), "submitit_local": (), "ray": ("+hydra.launcher.ray.init.num_cpus=2",)}


def facts(folder):
    runs = {cell.shown: Results.load(path / "results.json") for cell, path in folder.finished()}
    return {shown: (run.signature, run.hashes, run.residuals) for shown, run in runs.items()}


def test_a_job_is_a_plain_function_that_another_process_finds():
    assert getattr(import_module(make_run.__module__), make_run.__qualname__) is make_run


def test_a_job_makes_its_run_and_no_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tiny_study(tmp_path / "s", ("uce", "oce"), directory=str(tmp_path))
    make_run(JobConfig(str(tmp_path / "s"), 2))
    assert [cell.labels["solver"] for cell, _ in folder.finished()] == ["oce"]
    lease = folder.lease(folder.plan.cells[0])
    assert lease.take()
    make_run(JobConfig(str(tmp_path / "s"), 1))  # another process is at it
    lease.release()
    assert len(folder.finished()) == 1


def test_a_launcher_that_there_is_not(monkeypatch):
    with pytest.raises(UserError, match=r"Unknown launcher 'jobli'\. Did you mean 'joblib'"):
        check_launcher("jobli")
    monkeypatch.setattr(hydra_jobs, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"'ray' is not installed: pip install 'erasepro\[cluster\]'"):
        check_launcher("ray")


def test_a_slurm_that_is_not_here_is_one_line(monkeypatch):
    monkeypatch.setattr(hydra_jobs, "find_spec", lambda name: True)
    monkeypatch.setattr(hydra_jobs.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="needs Slurm's srun, which is not on this machine"):
        check_launcher("submitit_slurm")


@pytest.mark.ci_slow
@pytest.mark.parametrize("launcher", [*WORDS])
def test_a_launcher_gives_what_a_worker_gives(tmp_path, monkeypatch, launcher):
    monkeypatch.chdir(tmp_path)
    check_launcher(launcher)
    alone = tiny_study(tmp_path / "t", ("uce", "emcid"), (0,), "outputs.dir=alone", directory=str(tmp_path))
    Worker(alone, tell=str).work()
    folder = tiny_study(tmp_path / "s", ("uce", "emcid"), (0,), "outputs.dir=launched", directory=str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    words = [sys.executable, "-c", LAUNCH, str(tmp_path / "s"), launcher, *WORDS[launcher]]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    assert facts(StudyFolder(tmp_path / "s")) == facts(alone)
    assert len(facts(alone)) == 2
    assert folder.failures() == []
