import math

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.dose import collect_dose, dose_tables, draw_dose
from tests.report.figures.records import HOSTILE, record


def soft(mu, **options):
    return record(f"erasepro text_fit.mu={mu}", solver={"text_fit": {"mu": mu, "residual": "soft"}}, **options)


HARD = record("erasepro", solver={"text_fit": {"mu": 1.0, "residual": "hard"}}, shown=0.0, kept=0.9, test=0.1)
RUNS = [
    soft(1e6, shown=0.1, test=0.2), soft(0.1, shown=0.8, test=0.9), soft(0.1, shown=0.6, test=0.7, seeds=[1]), HARD,
]  # fmt: skip


def test_points_by_dose_with_the_mean_over_runs_and_the_hard_fit_apart():
    key, doses, categories = collect_dose(RUNS, "mu")
    assert (key, categories) == ("solver.text_fit.mu", [])
    assert [(d.line, d.x, d.runs, d.target.value, d.residual.value) for d in doses] == [
        ("erasepro", 0.1, 2, pytest.approx(0.7), pytest.approx(0.8)), ("erasepro", 1e6, 1, 0.1, 0.2),
        ("erasepro", None, 1, 0.0, 0.1),
    ]  # fmt: skip


def test_the_table_holds_the_numbers_of_the_figure():
    (table,) = dose_tables(RUNS, "mu")
    assert table.title == "By solver.text_fit.mu"
    assert table.rows[0] == ("erasepro", "0.1", "2", "0.700±0.035", "0.900±0.035", "0.800")
    assert table.rows[2][1] == "–"


def test_the_axis_is_logarithmic_over_decades_and_the_hard_fit_lies_level(tmp_path):
    text = draw_dose(tmp_path / "a.svg", RUNS, "mu").read_text()
    assert ">10⁶<" in text
    assert "erasepro (no mu)" in text
    assert ">residual, test prompts ↓<" in text


def test_a_residual_that_nobody_measured_has_no_panel(tmp_path):
    runs = [record("uce strength=0.5"), record("uce")]
    assert all(math.isnan(dose.residual.value) for dose in collect_dose(runs)[1])
    text = draw_dose(tmp_path / "a.svg", runs).read_text()
    assert "residual, test prompts" not in text
    assert ">strength<" in text


def test_settings_that_are_no_numbers_are_categories(tmp_path):
    runs = [record(f"uce {i}", solver={"policy": name, "i": i % 2}) for i, name in enumerate(HOSTILE)]
    key, doses, categories = collect_dose(runs, "policy")
    assert (key, len(categories), len(doses)) == ("solver.policy", len(HOSTILE), len(HOSTILE))
    assert draw_dose(tmp_path / "a.png", runs, "policy").is_file()


def test_it_says_what_is_missing():
    with pytest.raises(UserError, match="kind=dose needs recognised shares"):
        collect_dose([soft(1, shown=None)], "mu")
    with pytest.raises(UserError, match="kind=dose needs x=KEY"):
        collect_dose([HARD])
