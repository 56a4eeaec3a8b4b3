"""`erasepro tune` as a user runs it, on the miniature and one development set."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from erasepro.cli.main import main
from erasepro.study.journal import JOURNAL
from erasepro.study.tuning_plan import PLAN, TuningPlan

SMALL = [
    "solver=uce,trce_text", "sets=[mini/dev_1]", "trials=4", "pictures=2", "out=study", "generation.steps=2",
    "generation.prompts_per_concept=1", "generation.max_retain=4", "templates.preserve_count=60", "templates.contexts=4",
]  # fmt: skip


def tune(folder, *words):
    command = [sys.executable, "-m", "erasepro.cli.main", "tune", *SMALL, *words]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "COLUMNS": "400"}  # a row a line
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_a_search_that_is_killed_and_shared_gives_every_solver_the_same_trials(tmp_path):
    process = tune(tmp_path)
    journal = tmp_path / "study" / JOURNAL
    deadline = time.monotonic() + 240
    while not (journal.is_file() and '"seconds"' in journal.read_text()) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    pair = [tune(tmp_path), tune(tmp_path)]
    answers = [process.communicate(timeout=400) for process in pair]
    assert [process.returncode for process in pair] == [0, 0], answers
    for out, _ in answers:
        assert "4 × " in out
        assert "uce: study" in out
        assert "Nothing here is a result" in out
    again = tune(tmp_path)
    out, err = again.communicate(timeout=400)
    assert again.returncode == 0, err
    assert "features uce" not in out  # nothing was left to do
    assert out.count("(chosen)") == 2

    study = tmp_path / "study"
    counts = count_trials(journal)
    assert counts["uce"] == counts["trce_text"] == 4
    assert counts["uce/pictures"] == counts["trce_text/pictures"] == 3  # the best preset before the search is one more
    assert counts["uce/known"] == 0  # the words that a set is fitted on were given
    plan = TuningPlan.stored(study)
    for solver in ("uce", "trce_text"):
        preset = (study / "presets" / f"{solver}_best.yaml").read_text()
        assert plan.id in preset.splitlines()[0]
        assert yaml.safe_load(preset)["name"] == solver
        assert (study / f"{solver}.svg").read_text().startswith("<?xml")
    assert json.loads((study / PLAN).read_text())["trials"] == 4


def count_trials(journal):
    """Trials with numbers by study, as Optuna reads them."""
    import optuna

    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    names = optuna.get_all_study_names(storage)
    studies = {name: optuna.load_study(study_name=name, storage=storage) for name in names}
    counts = {name: sum(t.state.name == "COMPLETE" for t in study.get_trials()) for name, study in studies.items()}
    return {"uce/known": 0, **counts}


def test_a_model_whose_pictures_nobody_can_judge_is_refused_before_the_search(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tune", "solver=uce", "model=tiny", "sets=[mini/dev_1]", "out=study"]) == 2
    assert "The model 'tiny' has no judge" in capsys.readouterr().err
    assert not (tmp_path / "study" / PLAN).exists()
