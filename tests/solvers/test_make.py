"""A solver from a name and options, or from its config: strict, and with messages that name key and place."""

from dataclasses import asdict, dataclass

import pytest

from erasepro.errors import UserError
from erasepro.registry import ENTERED
from erasepro.solvers import SOLVERS, Solver, make_solver, stored_solver
from erasepro.solvers.closed_form.uce import UCEConfig
from erasepro.solvers.engine.cross_attention import CrossAttentionConfig, CrossAttentionSolver
from erasepro.solvers.engine.text_encoder import TextStageConfig, TextStageSolver
from erasepro.solvers.training.trained_solver import TrainedSolver


def test_a_name_with_options_and_a_config_make_the_same():
    by_name, by_config = make_solver("uce", {"ridge": 2}), make_solver(UCEConfig(ridge=2.0))
    assert by_name.config == by_config.config == UCEConfig(ridge=2.0)
    assert make_solver("uce").config == make_solver("uce", {"name": "uce"}).config == UCEConfig()


def test_flags_have_documented_defaults():
    for name in SOLVERS.names():
        solver = SOLVERS.get(name)
        trained = issubclass(solver, TrainedSolver)
        assert (solver.needs_denoiser, solver.needs_images, solver.deterministic) == (trained, False, not trained)
        assert SOLVERS.attribute(name, "version") == solver.version  # read from the source, past Solver[Config]
        assert SOLVERS.attribute(name, "deterministic") is not trained


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


@pytest.fixture
def registered():
    """Registers a solver for one test; afterwards nothing is left of it."""
    before = {key: value.copy() for key, value in vars(SOLVERS).items() if isinstance(value, dict)}

    def register(config, entry, name="half_made"):
        return SOLVERS.register(name, config)(entry)

    yield register
    for key, value in before.items():
        getattr(SOLVERS, key).clear()
        getattr(SOLVERS, key).update(value)
    ENTERED["erasepro.solvers"].discard("half_made")


def one_line(call, message):
    with pytest.raises(UserError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_solver_without_a_config_says_that_its_registration_lacks_one(registered):
    class Plain(Solver):
        """A solver."""

    registered(None, Plain)
    one_line(lambda: make_solver("half_made"), r"'half_made' is registered without a config, in tests\.solvers\.test_make")


def test_a_solver_whose_config_has_a_field_that_no_config_holds_names_the_file(registered):
    @dataclass
    class OddConfig:
        name: str = "half_made"
        factor: complex = 1j

    class Odd(Solver):
        """A solver."""

    registered(OddConfig, Odd)
    one_line(lambda: make_solver("half_made"), r"OddConfig \(solvers/test_make\.py\) cannot be used: .*complex")


@pytest.mark.parametrize(
    ("config", "base", "method"),
    [
        (CrossAttentionConfig, Solver, r"solve\(model, prompts\)"),
        (CrossAttentionConfig, CrossAttentionSolver, r"solve_sites\(features\)"),
        (TextStageConfig, TextStageSolver, r"fit\(\)"),
    ],
)
def test_a_solver_that_lacks_its_method_is_named(registered, shared_model, build, config, base, method):
    class Half(base):
        """A solver."""

    registered(config, Half)
    one_line(
        lambda: make_solver("half_made").solve(shared_model, build),
        rf"Solver 'half_made' has no method {method}: .*Half lacks it",
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3, r"solver=half_made: solve_sites gives 3, not a pair"),
        (None, r"solver=half_made: solve_sites gives None, not a pair"),
        ((1, 2), r"solver=half_made: solve_sites gives \(1, 2\), not a pair"),
        ((lambda site, W: 3, {}), r"solver=half_made: it gives a int for 'unet\..*', not a Solution of shape"),
    ],
)
def test_what_solve_sites_gives_in_another_form_is_named(registered, shared_model, build, answer, message):
    class Odd(CrossAttentionSolver):
        """A solver."""

        def solve_sites(self, features):
            return answer

    registered(CrossAttentionConfig, Odd)
    one_line(lambda: make_solver("half_made").solve(shared_model, build), message)


def test_an_edit_stored_before_a_key_is_solved_as_it_was():
    today = asdict(make_solver("erasepro").config)
    before = {**today, "text_fit": {key: value for key, value in today["text_fit"].items() if key != "hold"}}
    config = _stored(before)
    assert (config.text_fit.hold, config.cross_attention_fit.hold) == ("columns", "names")
    assert asdict(_stored(today)) == today
    assert _stored(asdict(make_solver("uce").config)) == make_solver("uce").config


def _stored(config):
    return stored_solver({"config": config, "concepts": {"kind": "instance"}}).config
