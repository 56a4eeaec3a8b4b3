"""The tables of a study: a column an axis, sorted, the best named, one table for each value of a table axis."""

import math
from dataclasses import replace

import pytest

from erasepro.report.tables import Table
from erasepro.results.results_json import Results
from erasepro.runs.resolve import resolve
from erasepro.study.cells import Cell
from erasepro.study.study_folder import StudyPlan
from erasepro.study.study_tables import sorted_rows, split_keys, study_tables


def share(value, n=30):
    return {"value": value, "n": n, "stderr": 0.01 if n else None}


def run(target, kept, name="r", protocol="miniature/2"):
    """A run's results with a recognition rate of its targets and of what is retained."""
    empty = {key: share(math.nan, 0) for key in ("anchor_shown", "unrecognised", "other", "subject", "retention")}
    empty |= {"original": share(0.97), "unrecognised": share(0.0)}  # the judge knows the original's pictures
    rows = [
        {"role": "target", "phrasing": "all", "group": "", "concept_shown": share(target), **empty, "errors": 0},
        {"role": "retain", "phrasing": "all", "group": "", "concept_shown": share(kept), **empty, "errors": 0},
    ]
    rows[1]["retention"] = share(kept)
    config = dict(resolve(["debug=tiny", "solver=uce"]).stored.values)
    return Results(
        name, "s", config, protocol, {}, recognition=rows, recognition_source={"protocol": protocol, "judge": "j"},
        residuals={"test": {"residual": target}}, digest="d",
    )  # fmt: skip


def plan(cells, rows=("solver",), tables=(), sort="overall"):
    return StudyPlan("s", tuple(cells), tables, rows, sort, ".")


def cell(number, **labels):
    return Cell(number, labels, ())


CELLS = [
    cell(1, solver="uce", concepts="dog"), cell(2, solver="uce", concepts="car"),
    cell(3, solver="oce", concepts="dog"), cell(4, solver="oce", concepts="car"),
]  # fmt: skip
RUNS = [run(0.5, 0.9), run(0.3, 0.9), run(0.1, 0.8), run(0.1, 1.2)]


def test_rows_are_means_over_the_other_axes_the_best_first():
    rows = sorted_rows(plan(CELLS), list(zip(CELLS, RUNS, strict=True)))
    assert [row.labels for row in rows] == [("oce",), ("uce",)]
    assert rows[1].values["target"] == pytest.approx(0.4)
    assert rows[1].values["overall"] == pytest.approx(2 / (1 / 0.6 + 1 / 0.9))
    assert rows[0].values["overall"] == pytest.approx(2 / (1 / 0.9 + 1 / 1.0))  # kept counts to 1 at most


@pytest.mark.parametrize(("sort", "first"), [("none", "uce"), ("target", "oce"), ("kept", "oce")])
def test_by_what_rows_are_sorted(sort, first):
    assert sorted_rows(plan(CELLS, sort=sort), list(zip(CELLS, RUNS, strict=True)))[0].labels == (first,)


def test_a_run_without_numbers_comes_last_and_is_not_the_best():
    empty = Results("e", "s", RUNS[0].config, "p", {}, recognition_source={"protocol": "miniature/2"}, digest="d")
    runs = [(cell(1, solver="a"), empty), (cell(2, solver="b"), RUNS[0])]
    tables = study_tables(plan([c for c, _ in runs]), runs)
    assert [row[0] for row in tables[0].rows] == ["b", "a"]
    assert "Best by harmonic mean of erased (1 − target) and kept: b (0.643)" in tables[0].note
    assert "Best" not in study_tables(plan([runs[0][0]]), runs[:1])[0].note


def test_ties_are_all_named():
    runs = [(cell(n, solver=name), RUNS[0]) for n, name in enumerate("abcde", 1)]
    assert ": a; b; c and 2 more (0.643)" in study_tables(plan([c for c, _ in runs]), runs)[0].note


def test_each_axis_of_the_rows_has_a_column():
    cells = [cell(1, solver="uce", ridge="1, 2"), cell(2, solver="oce", ridge="3")]
    shown, metrics = study_tables(plan(cells, ("ridge", "solver"), sort="none"), list(zip(cells, RUNS, strict=False)))
    for table in (shown, metrics):
        assert table.header[:2] == ("ridge", "solver")
        assert [row[:2] for row in table.rows] == [("1, 2", "uce"), ("3", "oce")]
        assert table.keys == 2
        assert table.title.startswith("s. ")


def test_a_table_axis_has_a_table_for_each_value_and_protocols_differ_between_them():
    cells = [cell(1, solver="uce", templates="blind"), cell(2, solver="uce", templates="known")]
    runs = [(cells[0], run(0.1, 0.9)), (cells[1], run(0.0, 1.0, protocol="miniature/2+modified(templates.grammar)"))]
    titles = [table.title for table in study_tables(plan(cells, tables=("templates",)), runs)]
    assert [title.split(".")[0] for title in titles] == ["s: templates blind"] * 2 + ["s: templates known"] * 2


def test_what_a_paper_states_stands_beside():
    published = {"source": "a paper, table 1", "values": {"uce": {"residual, test prompts": 0.2, "nothing": 1}}}
    tables = study_tables(replace(plan(CELLS), published=published), list(zip(CELLS, RUNS, strict=True)))
    (row,) = (row for row in tables[1].rows if row[0] == "uce")
    place = tables[1].header.index("published")
    assert tables[1].header[place - 1].startswith("residual, test prompts")
    assert (row[place], row[place + 1]) == ("0.2", "+0.200")
    assert "a paper, table 1" in tables[1].note
    assert "Published values of nothing are of no column here." in tables[0].note


def test_a_table_is_split_where_its_labels_were_joined():
    table = Table("t", ("method", "n"), (("a\x1fb", "1"), ("c\x1fd", "2")))
    assert split_keys(table, ("x", "y")).rows == (("a", "b", "1"), ("c", "d", "2"))
