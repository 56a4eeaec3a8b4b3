import math

import pytest

from erasepro.errors import UserError
from erasepro.report.figures.interference import (
    _cell_text,
    collect_interference,
    draw_interference,
    interference_tables,
    name_row,
)
from tests.report.figures.records import HOSTILE, rates, record

DOG = [rates("target", "dog", 0.1), rates("retain", "car", 0.75), rates("anchor", "cat", 0.5, 0.5), rates("retain", "cat", 0.0)]
CAR = [rates("target", "car", 0.0), rates("retain", "dog", 1.0), rates("target", "car", 1.0, phrasing="plain")]
RUNS = [record(by_concept=DOG), record(targets=["car"], by_concept=CAR)]


def test_a_row_is_what_is_erased_and_a_column_what_is_measured():
    (part,) = collect_interference(RUNS)
    assert (part.method, part.rows, part.columns) == ("uce", (("dog",), ("car",)), ("dog", "car", "cat"))
    assert part.change[0] == pytest.approx((-0.9, -0.25, -1.0)), "the concept's own retain prompts go before its anchor's"
    assert part.change[1][:2] == (0.0, -1.0)
    assert math.isnan(part.change[1][2])


def test_runs_of_a_row_are_a_mean_and_methods_are_apart():
    again = record(seeds=[1], by_concept=[rates("target", "dog", 0.3)])
    first, second = collect_interference([*RUNS, again, record("rece", by_concept=DOG)])
    assert first.change[0][0] == pytest.approx(-0.8)
    assert (second.method, second.columns) == ("rece", first.columns)


def test_the_change_is_against_the_original_on_its_images():
    unseen = rates("retain", "bus", 0.5)
    unseen["original"] = {"value": None, "n": 0, "stderr": None}
    (part,) = collect_interference([record(by_concept=[rates("target", "dog", 0.2, 0.6), unseen])])
    assert part.columns == ("dog",)
    assert part.change == ((pytest.approx(-0.4),),)


def test_the_table_names_rows_and_what_was_not_measured():
    (table,) = interference_tables(RUNS)
    assert table.rows[1] == ("car", "+0.00", "-1.00", "–")
    assert name_row(["a", "b"]) == "a, b"
    assert name_row(["a", "b", "c"]) == "a and 2 more"


@pytest.mark.parametrize(
    ("value", "inches", "text"),
    [(-0.04, 0.3, "0.0"), (-0.66, 0.3, "−0.7"), (0.5, 0.1, "+"), (-0.5, 0.1, ""), (0.0, 0.1, ""), (math.nan, 0.3, "")],
)
def test_a_cell_holds_its_number_or_the_sign_of_a_gain(value, inches, text):
    assert _cell_text(value, inches) == text


def test_it_says_what_is_missing():
    with pytest.raises(UserError, match="kind=interference needs recognised shares by concept in both models, which run lack"):
        collect_interference([record()])
    with pytest.raises(UserError, match="kind=interference needs recognised shares of target prompts"):
        collect_interference([record(shown=None)])


def test_it_is_drawn_of_one_cell_and_of_a_hundred_concepts_with_any_name(tmp_path):
    assert draw_interference(tmp_path / "a.png", [record(by_concept=DOG[:1])]).is_file()
    concepts = [*HOSTILE, *(f"concept {i}" for i in range(90))]
    many = [
        record(f"method {i % 2}", targets=[name], by_concept=[rates("retain", other, 0.5) for other in concepts])
        for i, name in enumerate(concepts[:20])
    ]
    assert draw_interference(tmp_path / "b.png", many).is_file()
    assert "<script" not in draw_interference(tmp_path / "c.svg", many).read_text()
