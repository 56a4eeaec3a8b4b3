"""What is out of range is told with its key."""

import pytest

from erasepro.errors import UserError
from erasepro.solvers import make_solver


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("steps", 0, "solver.steps must be 1 or more"),
        ("batch_size", 0, "solver.batch_size must be 1 or more"),
        ("sampling_steps", 0, "solver.sampling_steps must be 1 or more"),
        ("learning_rate", 0.0, "solver.learning_rate must be positive"),
        ("guidance", -1.0, "solver.guidance must be 0 or more"),
        ("precision", "float16", r"solver.precision.*bfloat16"),
        ("prompts", "all", r"solver.prompts.*fitting"),
        ("ema", 1.0, "solver.ema must be 0 or more and below 1"),
        ("size", 20, "solver.size must be a positive multiple of 8"),
        ("seed", -1, "solver.seed must lie between"),
        ("erase_guidance", -0.5, "solver.erase_guidance must be 0 or more"),
    ],
)
def test_a_value_out_of_range(key, value, told):
    with pytest.raises(UserError, match=told):
        make_solver("esd_x", {key: value}).check_config()


def test_the_defaults_are_in_range():
    for name in ("esd_x", "esd_u"):
        make_solver(name).check_config()
