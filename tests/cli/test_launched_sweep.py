"""``erasepro -m hydra/launcher=…``."""

import pytest

from erasepro.cli.launched_sweep import launched
from erasepro.cli.main import main
from erasepro.study import hydra_jobs

SWEEP = ["-m", "debug=tiny", "generation.steps=1", "outputs.progress=false", "solver=uce,oce", "seed=0,1"]


def test_words_that_name_a_launcher():
    assert launched(["hydra/launcher=joblib", "seed=0,1"])
    assert not launched(["hydra/launcher=basic", "seed=0,1"])
    assert not launched(["seed=0,1"])


def test_the_runs_of_a_sweep_are_a_study_of_its_keys(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hydra_jobs, "check_launcher", lambda name: None)

    def launch(folder, name, words, fail_fast):
        assert (name, words) == ("joblib", ["hydra.launcher.n_jobs=3", "+hydra.launcher.verbose=1"])
        for cell in folder.plan.cells:
            hydra_jobs.make_run(hydra_jobs.JobConfig(str(folder.path), cell.number))

    monkeypatch.setattr(hydra_jobs, "launch", launch)
    assert main([*SWEEP, "hydra/launcher=joblib", "hydra.launcher.n_jobs=3", "+hydra.launcher.verbose=1"]) == 0
    out = capsys.readouterr().out
    assert "Study sweep: 4 runs, 4 to make → outputs/sweep-" in out
    rows = [line.split()[:2] for line in out.splitlines() if line.split()[:1] in (["uce"], ["oce"])]
    assert rows == [["uce", "0"], ["uce", "1"], ["oce", "0"], ["oce", "1"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hydra/launcher=jobli"], "Unknown launcher 'jobli'. Did you mean 'joblib'?"),
        (["hydra/launcher=joblib", "solver=uce,"], "solver"),
    ],
)
def test_mistakes_are_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hydra_jobs, "find_spec", lambda name: True)
    assert main([*SWEEP[:4], *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
