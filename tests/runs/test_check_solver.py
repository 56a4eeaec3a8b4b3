"""A solver's settings are checked by what states them: by its config alone, where that stands apart from the method."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from erasepro import linalg
from erasepro.config.paths import options
from erasepro.errors import UserError
from erasepro.runs.check_solver import check_solver
from erasepro.solvers import closed_form, trained
from erasepro.solvers.base import Solver
from erasepro.solvers.configs import fit
from erasepro.solvers.configs.uce import UCEConfig
from erasepro.solvers.registry import SOLVERS

OWN = [name for name in SOLVERS.names() if SOLVERS.config_module(name)]
RESOLVED = """
import sys
from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
for words in sys.argv[1:]:
    try:
        resolve(words.split())
    except UserError as error:
        print(error)
assert "torch" not in sys.modules, words
"""


def test_the_settings_of_every_solver_stand_apart():
    closed = {path.stem for path in Path(closed_form.__path__[0]).glob("*.py")} - {"__init__"}
    methods = closed | {path.stem for path in Path(trained.__path__[0]).glob("*.py")} - {"__init__"}
    assert {SOLVERS.get(name).__module__.rpartition(".")[2] for name in OWN} == methods
    assert closed <= set(OWN)


@pytest.mark.parametrize("name", OWN)
def test_a_method_leaves_its_checks_to_its_settings(name):
    """Or a config would pass that only a run refuses."""
    kind = SOLVERS.get(name)
    assert not {"check", "_check", "check_config"} & vars(kind).keys()
    assert SOLVERS.config(name) is kind.config_class
    assert callable(kind.config_class.check)


@pytest.mark.parametrize("names", [("erasepro", "uce"), pytest.param(options("solver"), marks=pytest.mark.ci_slow)], ids=len)
def test_configs_of_presets_are_checked_without_torch(names):
    words = [f"solver={name}" for name in names]
    wrong = ["solver=uce solver.ridge=-1", "solver=emcid solver.weight=2", "solver.text_fit.mu=inf", "schedule.share=3"]
    done = subprocess.run(
        [sys.executable, "-c", RESOLVED, *words, *wrong], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "solver.ridge must be positive; got -1.0.",
        "solver.weight must lie in (0, 1); got 2.0.",
        "solver.text_fit.mu must be positive and finite; got inf.",
        "schedule.share must lie in (0, 1]; got 3.0.",
    ]


def test_a_class_from_elsewhere_is_asked_itself():
    @dataclass
    class CarefulConfig(UCEConfig):
        name: str = "careful"

    @SOLVERS.register("careful", CarefulConfig)
    class Careful(Solver[CarefulConfig]):
        def _check(self):
            super()._check()
            raise UserError("no day for it")

    with pytest.raises(UserError, match="ridge must be positive"):
        check_solver(CarefulConfig(ridge=-1.0))
    with pytest.raises(UserError, match="no day for it"):
        check_solver(CarefulConfig())


def test_the_solves_take_what_the_settings_may_be():
    assert fit.RANKS == linalg.POLICIES
    assert fit.LARGEST_UNSELECTED_WEIGHT == linalg.LARGEST_UNSELECTED_WEIGHT
