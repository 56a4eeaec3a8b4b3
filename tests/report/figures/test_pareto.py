import math

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.pareto import collect_pareto, draw_pareto, pareto_tables
from tests.report.figures.records import HOSTILE, record

RUNS = [
    record("erasepro", name="a", shown=0.0, kept=0.9), record("uce", name="b", shown=0.5, kept=1.0),
    record("uce_best", name="c", shown=0.6, kept=0.8),
]  # fmt: skip


def test_a_point_a_method_and_the_front_of_those_that_none_beats():
    points = collect_pareto(RUNS)
    assert [(p.method, p.erased.value, p.kept.value, p.is_best) for p in points] == [
        ("erasepro", 1.0, 0.9, True), ("uce", 0.5, 1.0, True), ("uce_best", 0.4, 0.8, False),
    ]  # fmt: skip
    assert points[0].before.value == 0.0


def test_runs_of_one_method_are_a_mean_with_its_error():
    point, = collect_pareto([record(name="a", shown=0.2, kept=1.0), record(name="b", shown=0.4, kept=0.5, seeds=[1])])
    assert point.runs == 2
    assert point.erased.value == pytest.approx(0.7)
    assert point.erased.stderr == pytest.approx(math.sqrt(2 * 0.05**2) / 2)
    assert point.erased.n == 40
    assert point.kept.value == pytest.approx(0.75)


def test_equal_methods_are_all_on_the_front():
    assert [p.is_best for p in collect_pareto([record("uce"), record("rece")])] == [True, True]


def test_a_method_whose_retention_is_not_known_is_in_the_table_and_not_on_the_front(tmp_path):
    unknown = record("rece", shown=0.0, kept=math.nan, retain_original=0.0)
    unknown.recognition[1]["retention"]["value"] = None
    runs = [*RUNS, unknown]
    assert [p.is_best for p in collect_pareto(runs)] == [True, True, False, False]
    assert pareto_tables(runs)[0].rows[3][:4] == ("rece", "1", "1.000±0.050", "–")
    assert "rece" not in draw_pareto(tmp_path / "a.svg", runs).read_text()


def test_runs_without_rates_are_named_and_left_out():
    note = pareto_tables([*RUNS, record(name="nobody judged this", shown=None, kept=None)])[0].note
    assert "nobody judged this" in note
    with pytest.raises(UserError, match=r"kind=pareto needs recognised shares of target and retain prompts, which blank lack"):
        collect_pareto([record(name="blank", shown=0.1, kept=None)])


def test_runs_of_different_protocols_share_no_figure():
    with pytest.raises(UserError, match="p/1 and p/2"):
        collect_pareto([record(), record("rece", protocol="p/2")])


def test_it_is_drawn_of_one_run_of_equal_ones_and_of_forty_with_any_name(tmp_path):
    many = [record(f"method_{i}", shown=i / 40, kept=1 - i / 80) for i in range(40)]
    for number, runs in enumerate([RUNS[:1], [record("uce"), record("rece")], many, [record(name) for name in HOSTILE]]):
        assert draw_pareto(tmp_path / f"{number}.png", runs).stat().st_size > 1000
