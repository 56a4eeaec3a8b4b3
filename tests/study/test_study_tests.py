"""The tables of a study leave out what a judge cannot tell, and end with tests of its rows on the same prompts."""

from dataclasses import replace

from erasepro.results.results_json import Results
from erasepro.study.cells import Cell
from erasepro.study.study_folder import StudyPlan
from erasepro.study.study_tables import study_tables, study_tests, trusted_objectives
from tests.report.made_runs import erased, kept, make_run

PAIRS = {"dog": ("dog", "cat"), "car": ("car", "bus")}


def study_of(tmp_path, tables, names=erased, of_uce=kept):
    """Two solvers on two pairs."""
    cells, done = [], []
    for solver, how in (("uce", of_uce), ("erasepro", names)):
        for concept, pair in PAIRS.items():
            cells.append(Cell(len(cells) + 1, {"concept": concept, "solver": solver}, (f"solver={solver}",)))
            folder = make_run(tmp_path / f"{solver} {concept}", solver, pair, how)
            done.append((cells[-1], folder, Results.load(folder / "results.json")))
    return StudyPlan("small", tuple(cells), tables, ("solver",), "overall", "."), done


def test_tests_are_of_the_rows_of_each_table(tmp_path):
    plan, done = study_of(tmp_path, ("concept",))
    tables = study_tests(plan, done)
    assert [table.title for table in tables] == ["small, concept dog. Paired tests", "small, concept car. Paired tests"]
    for table in tables:
        assert table.rows[0][:3] == ("target shown ↓", "uce", "-1.000")
        assert table.rows[0][6] == "4 prompts"
    (joint,) = study_tests(replace(plan, tables=()), done)
    assert joint.rows[0][6] == "8 prompts"


def test_a_judge_that_does_not_know_the_original_decides_nothing(tmp_path):
    def blind(row, model):
        return "wolf" if row.concept == "dog" else erased(row, model)

    plan, done = study_of(tmp_path, (), blind, blind)
    tables = study_tables(plan, [(cell, results) for cell, _, results in done])
    assert "Left out: recognition, clip_probability of the runs of dog → cat" in tables[0].note
    assert trusted_objectives(done[0][2]) == {}
    assert trusted_objectives(done[1][2])["target"] == 0.0
