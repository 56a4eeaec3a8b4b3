"""A solver from a name and options, or from its config: strict, and with messages that name key and place."""

import pytest

from erasepro.errors import UserError
from erasepro.solvers import SOLVERS, make_solver
from erasepro.solvers.closed_form.uce import UCEConfig


def test_a_name_with_options_and_a_config_make_the_same():
    by_name, by_config = make_solver("uce", {"ridge": 2}), make_solver(UCEConfig(ridge=2.0))
    assert by_name.config == by_config.config == UCEConfig(ridge=2.0)
    assert make_solver("uce").config == make_solver("uce", {"name": "uce"}).config == UCEConfig()


def test_flags_have_documented_defaults():
    for name in SOLVERS.names():
        solver = SOLVERS.get(name)
        assert (solver.needs_denoiser, solver.needs_images, solver.deterministic) == (False, False, True)
        assert SOLVERS.attribute(name, "version") == solver.version  # read from the source, past Solver[Config]
        assert SOLVERS.attribute(name, "deterministic") is True


@pytest.mark.parametrize(
    ("solver", "options", "message"),
    [
        ("uce", {"rigde": 1.0}, r"Unknown key of solver 'uce' 'rigde'\. Did you mean 'ridge'\? Known: .*erase_scale"),
        ("erasepro", {"text_fit": {"rnak": "exact"}}, r"Unknown key of 'solver\.text_fit' 'rnak'. Did you mean 'rank'"),
        ("erasepro", {"text_fit": {"preserve": {"riddge": 1}}}, r"key of 'solver\.text_fit\.preserve' 'riddge'"),
        ("erasepro", {"text_fit": 5}, r"Bad value for 'solver\.text_fit': got 5, expected settings.*its keys: residual"),
        ("erasepro", {"text_fit": {"preserve": None}}, r"Bad value for 'solver\.text_fit\.preserve': got None"),
        ("uce", {"ridge": "much"}, r"Bad value for 'solver\.ridge': got 'much', expected a number"),
        ("erasepro", {"text_fit": {"mu": "big"}}, r"'solver\.text_fit\.mu': got 'big', expected a number"),
        ("erasepro", {"text_blocks": ["x"]}, r"Bad value for 'solver\.text_blocks\[0\]': got 'x', expected a whole number"),
        ("uce", {"name": "rece"}, r"those of solver 'rece', not of 'uce'"),
        ("ucee", {}, r"Unknown solver 'ucee'\. Did you mean 'uce'"),
        (5, {}, r"A solver is named"),
        (UCEConfig(name="rece"), {}, r"The config of solver 'rece' is a RECEConfig"),
    ],
)  # fmt: skip
def test_what_is_refused(solver, options, message):
    with pytest.raises(UserError, match=message) as info:
        make_solver(solver, options)
    assert "\n" not in str(info.value)
