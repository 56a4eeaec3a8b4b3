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


def test_what_the_runs_do_not_have_is_told_and_the_others_are_drawn(tmp_path):
    study = replace(plan(CELLS), figures=(("thresholds", ""), ("dose", "solver.nothing"), ("pareto", "")))
    paths, problems = draw_figures(study, list(zip(CELLS, RUNS, strict=True)), tmp_path)
    assert [path.name for path in paths] == ["pareto.pdf", "pareto.png"]
    assert [problem.split(":")[0] for problem in problems] == ["thresholds", "dose-solver.nothing"]
