import pytest

from erasepro.errors import UserError
from erasepro.report.figures.swept_key import find_swept, positions, settings_of
from tests.report.figures.records import record


def fit(mu, residual="soft", **more):
    both = {"mu": mu, "residual": residual}
    return record("erasepro", solver={"text_fit": both, "cross_attention_fit": both, **more})


def test_the_one_number_in_which_solvers_differ_is_taken_with_those_that_go_along():
    runs = [fit(0.1), fit(10.0)]
    both = ("solver.text_fit.mu", "solver.cross_attention_fit.mu")
    assert find_swept(runs, None) == both
    assert find_swept(runs, "mu") == both
    assert find_swept(runs, "solver.text_fit.mu") == both


def test_a_hard_fit_has_no_mu():
    assert "solver.text_fit.mu" not in settings_of(fit(1.0, "hard"))
    assert settings_of(fit(2.0))["solver.text_fit.mu"] == 2.0


def test_the_strength_of_an_edit_stands_in_the_methods_name():
    assert settings_of(record("uce ridge=1 strength=0.25"))["strength"] == 0.25
    assert settings_of(record("uce"))["strength"] == 1.0
    assert find_swept([record("uce"), record("uce strength=0.5")], None) == ("strength",)


def test_it_says_which_settings_there_are():
    with pytest.raises(UserError, match=r"needs x=KEY.*they differ in solver\.text_fit\.mu, solver\.ridge"):
        find_swept([fit(0.1, ridge=1), fit(10.0, ridge=1), fit(10.0, ridge=2)], None)
    with pytest.raises(UserError, match="their solvers differ in no number"):
        find_swept([fit(0.1)], None)
    with pytest.raises(UserError, match=r"x=solver\.mew: no run has such a setting\. Did you mean solver\.name\?"):
        find_swept([record()], "solver.mew")
    unlike = [record(solver={"a": {"mu": 1}, "b": {"mu": 1}}), record(solver={"a": {"mu": 2}, "b": {"mu": 3}})]
    with pytest.raises(UserError, match=r"x=mu fits several settings: solver\.a\.mu, solver\.b\.mu"):
        find_swept(unlike, "mu")


def test_a_key_that_no_run_changes_can_be_shown():
    assert find_swept([fit(1.0)], "solver.text_fit.mu") == ("solver.text_fit.mu",)


def test_numbers_lie_where_they_are_and_names_in_their_order():
    assert positions([0.1, None, 10]) == ([0.1, None, 10.0], [])
    assert positions(["soft", "hard", "soft", None]) == ([0, 1, 0, None], ["soft", "hard"])
    assert positions([True, False]) == ([0, 1], ["True", "False"])
    assert positions([1, "auto"]) == ([0, 1], ["1", "auto"])
    assert positions([None]) == ([None], [])
