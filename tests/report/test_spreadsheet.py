"""CSV: numbers in full, and no formula."""

import csv
import io

import pytest

from erasepro.report.number_cell import NumberCell
from erasepro.report.spreadsheet import LIST_HEADER, list_cells, protect_text, wide_csv, write_csv


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_column_of_numbers_has_its_errors_and_counts_beside_it():
    cell = NumberCell("0.123±0.004 (0.2) [8]", 0.123456789, 0.00412, 8, worst=0.2)
    rows = read(wide_csv(("method", "top1 ↓", "words"), [("a", cell, "x"), ("b", "–", "y")]))
    assert list(rows[0]) == ["method", "top1 ↓", "top1 ↓ stderr", "top1 ↓ n", "top1 ↓ worst", "words"]
    assert [float(rows[0][key]) for key in ("top1 ↓", "top1 ↓ stderr")] == [0.123456789, 0.00412]
    assert rows[0]["top1 ↓ n"] == "8"
    assert [rows[1][key] for key in list(rows[1])[1:5]] == [""] * 4, "what is not known is empty"


def test_numbers_that_are_of_no_images_stand_alone():
    header = wide_csv(("stage", "seconds"), [("edit", NumberCell("1.23", 1.2345))]).splitlines()[0]
    assert header == "stage,seconds"


def test_the_list_has_a_line_a_cell():
    cell = NumberCell("1.000 → 0.250±0.1", 0.25, 0.1, 4, original=1.0)
    lines = list_cells("T", ("prompts", "phrasing", "share", "note"), [("target", "plain", cell, "–")], keys=2)
    rows = read(write_csv([LIST_HEADER, *lines]))
    assert [(row["table"], row["row"], row["column"]) for row in rows] == [
        ("T", "target · plain", "share"), ("T", "target · plain", "note"),
    ]  # fmt: skip
    assert {key: rows[0][key] for key in ("value", "stderr", "n", "original", "worst", "text")} == {
        "value": "0.25", "stderr": "0.1", "n": "4", "original": "1.0", "worst": "", "text": "1.000 → 0.250±0.1",
    }  # fmt: skip
    assert (rows[1]["value"], rows[1]["text"]) == ("", "–")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-0.5±0.1"])
def test_text_is_never_a_formula(text):
    assert protect_text(text) == f"'{text}"
    rows = read(wide_csv((text, "n"), [(text, "1")]))
    assert rows == [{f"'{text}": f"'{text}", "n": "1"}]


@pytest.mark.parametrize("text", ["-0.5", "+1e-3", "0.5", "a=b", "–", "", "'=1"])
def test_numbers_and_other_text_stay_as_they_are(text):
    assert protect_text(text) == text
