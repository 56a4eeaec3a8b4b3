from erasepro.report.figures.line_names import name_lines
from tests.report.figures.records import record


def test_what_is_on_the_axis_is_in_no_name():
    runs = [record(f"erasepro text_fit.mu={mu} text_fit.rank=exact") for mu in (1, 10)]
    assert name_lines(runs, ["solver.text_fit.mu"]) == ["erasepro text_fit.rank=exact"] * 2
    assert name_lines([record("uce strength=0.5")], ["strength"]) == ["uce"]
    assert name_lines(runs)[1] == "erasepro text_fit.mu=10 text_fit.rank=exact"


def test_neither_size_nor_seeds_of_a_run_make_a_line_of_their_own():
    assert name_lines([record(targets=["dog", "car"]), record(seeds=[5])]) == ["uce", "uce"]


def test_kinds_of_sets_and_settings_in_which_runs_differ_do():
    style, instance = record(kind="style"), record()
    instance.config["generation"]["steps"] = 9
    assert name_lines([style, instance]) == ["uce, style, generation.steps=8", "uce, instance, generation.steps=9"]
