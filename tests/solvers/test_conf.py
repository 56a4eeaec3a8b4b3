"""The yaml files say what the dataclasses know, and nothing else."""

from dataclasses import fields
from math import inf
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from erasepro.config import config_dir
from erasepro.errors import UserError
from erasepro.schedules import SCHEDULES, ScheduleConfig
from erasepro.solvers import SOLVERS, make_solver
from erasepro.solvers.fit import check_fit

FILES = sorted(p.stem for p in (config_dir() / "solver").glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_solver_files_are_complete_and_build(name):
    given = OmegaConf.load(config_dir() / "solver" / f"{name}.yaml")
    schedule = OmegaConf.load(config_dir() / "schedule" / "progressive.yaml")
    whole = OmegaConf.create({"solver": given, "schedule": schedule})
    solver = make_solver(whole.solver)
    assert {str(k) for k in given} == {f.name for f in fields(solver.config)}
    assert SOLVERS.config(solver.cfg.name) is solver.config
    if name == solver.cfg.name:  # the plain files are the dataclasses' defaults
        assert solver.cfg == solver.config()


def test_every_solver_has_a_file():
    assert set(SOLVERS.names()) <= set(FILES)


@pytest.mark.parametrize("path", sorted((config_dir() / "schedule").glob("*.yaml")), ids=lambda p: Path(p).stem)
def test_schedule_files(path):
    merged = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ScheduleConfig), OmegaConf.load(path)))
    SCHEDULES.get(merged.name)(merged)


def test_every_schedule_has_a_file():
    assert set(SCHEDULES.names()) <= {p.stem for p in (config_dir() / "schedule").glob("*.yaml")}


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        ({"residual": "soft", "mu": inf}, r"mu must be positive and finite"),
        ({"rest": inf}, r"rest must be 0 or more and finite"),
        ({"preserve": {"ridge": inf}}, r"preserve\.ridge must be 0 or more and finite"),
        ({"preserve": {"scale": inf}}, r"preserve\.scale must be 0 or more and finite"),
        ({"preserve": {"threshold": inf}}, r"preserve\.threshold must be positive and finite"),
        ({"preserve": {"captions": 0}}, r"preserve\.captions must be 1 or more"),
        ({"preserve": {"captions": -1}}, r"preserve\.captions must be 1 or more"),
        ({"residual": "soft", "preserve": {"kind": "null_space", "ridge": 0}}, r"needs preserve\.ridge > 0"),
        (5, r"'solver\.text_fit': got 5, expected settings.*preserve"),
    ],
)
def test_numbers_without_a_meaning_are_refused(fit, message):
    with pytest.raises(UserError, match=message):
        check_fit(make_solver({"name": "erasepro", "text_fit": fit}).cfg.text_fit, "text_fit")
