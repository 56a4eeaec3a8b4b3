"""The yaml files say in what an option differs from its solver's dataclass, and nothing else."""

import dataclasses
from math import inf
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from erasepro.config.paths import config_dir
from erasepro.config.plain_values import overlaid
from erasepro.errors import UserError
from erasepro.runs.resolve import compose, resolve
from erasepro.schedules import SCHEDULES, ScheduleConfig
from erasepro.solvers import SOLVERS, make_solver
from erasepro.solvers.configs.fit import check_fit

FILES = sorted(p.stem for p in (config_dir() / "solver").glob("*.yaml"))


def leaves(node, prefix=""):
    for key, value in node.items():
        yield from leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]


@pytest.mark.parametrize("name", FILES)
def test_a_solver_file_holds_only_what_differs_and_composes_to_the_defaults_and_it(name):
    given = OmegaConf.to_container(OmegaConf.load(config_dir() / "solver" / f"{name}.yaml"), resolve=False)
    schema = SOLVERS.config(given["name"])
    defaults = OmegaConf.to_container(OmegaConf.structured(schema))
    repeated = [key for key, value in leaves(given) if key != "name" and dict(leaves(defaults)).get(key) == value]
    assert not repeated
    assert {key for key, _ in leaves(given)} <= {key for key, _ in leaves(defaults)}
    composed = resolve([f"solver={name}"]).stored.at("solver")
    assert composed == overlaid(defaults, given)
    assert dataclasses.asdict(make_solver(composed["name"], composed).config) == composed


@pytest.mark.parametrize("name", SOLVERS.names())
def test_the_registration_is_the_one_declaration(name):
    solver = SOLVERS.get(name)
    assert solver.name == solver.config_class().name == name
    assert SOLVERS.config(name) is solver.config_class
    assert resolve([f"solver={name}"]).solver == solver.config_class()


def test_every_key_of_the_dataclass_can_be_set():
    assert compose(["solver=uce", "solver.token_policy=all"]).solver.token_policy == "all"
    fit = compose(["solver=erasepro", "solver.text_fit.preserve.ridge=0.1"]).solver.text_fit
    assert (fit.preserve.ridge, fit.preserve.kind, fit.rank) == (0.1, "gram", "independent")


def test_the_solver_holds_the_chosen_schedule():
    assert compose(["schedule=reverse", "schedule.target=hidden_state"]).solver.schedule == {
        **dataclasses.asdict(ScheduleConfig("reverse", target="hidden_state"))
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["solver=uce", "solver.perserve_scale=0.1"],
            r"Did you mean 'solver\.preserve_scale'\? Known under 'solver': anchor_source, bat",
        ),
        (["solver=uce", "solver.text_fit.rank=exact"], r"Unknown key 'solver\.text_fit'"),
        (["solver=uce", "solver.ridge=much"], r"'solver\.ridge': got 'much', expected a number"),
        (["solver=uce_best", "solver.name=rece"], r"write solver=rece instead"),
        (["solver.schedule.target=branch"], r"'solver\.schedule\.target'.* write schedule\.target=branch"),
    ],
)
def test_a_wrong_key_is_told_with_the_keys_of_the_chosen_solver(words, message):
    with pytest.raises(UserError, match=message):
        compose(words)


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
        ({"unselected_weight": inf}, r"unselected_weight must be 0 or more and finite"),
        ({"solve_dtype": "half"}, r"solve_dtype"),
        ({"solve_dtype": "float32", "preserve": {"kind": "null_space"}}, r"null space is in float64; solve_dtype="),
        ({"reduced_rank": 0}, r"reduced_rank must be 1 or more, or null for any; got 0"),
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
        check_fit(make_solver("erasepro", {"text_fit": fit}).config.text_fit, "text_fit")
