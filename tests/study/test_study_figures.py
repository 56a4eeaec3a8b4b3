"""The figures of a study."""

from dataclasses import replace

from erasepro.study.study_figures import draw_figures
from tests.study.test_study_tables import CELLS, RUNS, cell, plan


def test_each_table_has_its_figures_as_pdf_and_png(tmp_path):
    cells = [cell(1, solver="uce", templates="blind"), cell(2, solver="uce", templates="known")]
    study = replace(plan(cells, tables=("templates",)), figures=(("pareto", ""),))
    paths, problems = draw_figures(study, list(zip(cells, RUNS, strict=False)), tmp_path / "figures")
    assert problems == []
    names = ["blind-pareto.pdf", "blind-pareto.png", "known-pareto.pdf", "known-pareto.png"]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == names


def test_a_figure_that_runs_along_an_axis_has_its_tables_together(tmp_path):
    cells = [cell(i, solver="uce", templates="blind", concepts=str(i)) for i in (1, 5)]
    tables = ("templates", "concepts")
    study = replace(plan(cells, tables=tables), figures=(("concepts", ""), ("pareto", "")))
    paths, problems = draw_figures(study, list(zip(cells, RUNS, strict=False)), tmp_path)
    assert problems == []
    assert [path.name for path in paths if path.suffix == ".png"] == [
        "blind-concepts.png", "blind-1-pareto.png", "blind-5-pareto.png",
    ]  # fmt: skip
    dose = replace(plan(cells, tables=tables), figures=(("dose", "concepts"),))
    _, problems = draw_figures(dose, list(zip(cells, RUNS, strict=False)), tmp_path)
    assert [problem.split(":")[0] for problem in problems] == ["blind-dose-concepts"]


def test_what_the_runs_do_not_have_is_told_and_the_others_are_drawn(tmp_path):
    study = replace(plan(CELLS), figures=(("thresholds", ""), ("dose", "solver.nothing"), ("pareto", "")))
    paths, problems = draw_figures(study, list(zip(CELLS, RUNS, strict=True)), tmp_path)
    assert [path.name for path in paths] == ["pareto.pdf", "pareto.png"]
    assert [problem.split(":")[0] for problem in problems] == ["thresholds", "dose-solver.nothing"]
