"""What a run is called at a tracker: one id a job, one group an experiment or a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from erasepro.cli import main as cli
from erasepro.config.overrides import swept_words
from erasepro.config.schema import TrackerConfig
from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
from erasepro.tracking.naming import check_names, group_of, run_info
from tests.tracking.offline_log import OfflineLog


def info(name="job", signature="a" * 64, **tracker):
    config = {"name": name, "tracker": tracker, "concepts": {"name": "dogs"}, "experiments": None}
    return run_info(StoredConfig(config), Path("outputs") / f"{name}-{signature[:8]}", signature)


def test_the_same_job_has_the_same_id_and_another_has_another():
    assert info().id == info(group="g").id
    assert len({info().id, info(signature="b" * 64).id, info(name="other").id}) == 3
    assert info().id.startswith("a" * 8)
    assert info().id.isalnum()


@pytest.mark.parametrize(
    ("words", "group"),
    [
        ([], "mini-instance-1"),
        (["concepts.pairs=[[apple,pear]]"], "apple"),
        (["experiments=table/faces"], "table/faces"),
        (["experiments=table/faces", "tracker.group=mine"], "mine"),
    ],
)
def test_the_group_is_the_experiment_or_the_concepts(words, group):
    assert group_of(resolve(words).stored) == group


def test_a_sweep_is_named_by_what_it_goes_over():
    words = ["debug=tiny", "solver=uce,erasepro", "seed=range(0,3)", "concepts.pairs=[[dog,cat]]"]
    assert swept_words(words) == "seed=range(0,3) solver=uce,erasepro"
    assert swept_words(["debug=tiny"]) is None


@pytest.mark.ci_slow
@pytest.mark.parametrize(
    ("words", "group"),
    [
        ([], "solver=uce,rece"),
        pytest.param(["experiments=demo"], "demo", marks=pytest.mark.slow),
        pytest.param(["tracker.group=mine"], "mine", marks=pytest.mark.slow),
    ],
)
def test_a_sweep_leaves_one_closed_run_a_job_in_one_group(tmp_path, monkeypatch, words, group):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    job = ["debug=tiny", "tracker=wandb", "metrics=none", "outputs.progress=false", "concepts.pairs=[[dog,cat]]"]
    assert cli.main(["-m", *job, "solver=uce,rece", *words]) == 0
    logs = [OfflineLog(p) for p in Path("outputs").iterdir() if not p.name.startswith(".")]
    assert [log.run.run_group for log in logs] == [group, group]
    assert {log.config["solver"]["name"] for log in logs} == {"uce", "rece"}
    assert len({log.run.run_id for log in logs}) == 2
    assert [log.exit_code for log in logs] == [0, 0]


@pytest.mark.parametrize(
    ("project", "tags"),
    [
        ("a/b", []), ("50%", []), ("a" * 129, []), ("a" * 128, []), ("a b", ["x"]), ("a", [""]), ("a", ["x" * 65]),
        ("é", ["x" * 64]),
    ],
)  # fmt: skip
def test_what_wandb_refuses_is_refused_before_and_nothing_else(project, tags):
    from wandb import Settings

    try:
        Settings(project=project, run_tags=tags)
        refused = False
    except Exception:  # a UsageError for the project, pydantic's for a tag
        refused = True
    try:
        check_names(TrackerConfig(project=project, tags=tags))
        ours = ""
    except UserError as error:
        ours = str(error)
    assert bool(ours) is refused
    assert not ours or ours.startswith("Bad value for 'tracker.")
