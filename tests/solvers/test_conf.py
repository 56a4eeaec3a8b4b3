"""The yaml files say what the dataclasses know, and nothing else."""

from dataclasses import fields
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from erasepro.config import config_dir
from erasepro.schedules import SCHEDULES, ScheduleConfig
from erasepro.solvers import SOLVERS, make_solver

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
