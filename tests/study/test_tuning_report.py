from erasepro.study.tuning_plan import TuningPlan
from erasepro.study.tuning_report import SHIPPED, Drawn, origin, settings_table

PLAN = TuningPlan(("uce",), ("mini/dev_1",), (), 24, 5, 4.0, 1, 7, "code")
ROWS = [Drawn(3, ("solver.ridge=2.0",), {"target": 0.0, "kept": 0.9}, 1.0), Drawn(0, (), {"target": 0.5}, 1.0)]


def test_the_table_marks_the_chosen_setting_and_says_that_it_is_no_result():
    text = settings_table("uce", PLAN, ROWS, Drawn(3, ("solver.ridge=2.0",), {"target": 0.1, "kept": 1.0}, 1.0)).text()
    assert "trial 3 (chosen)" in text
    assert "published" in text
    assert "solver.ridge=2.0" in text
    assert "chosen, known words" in text
    assert "–" in text  # kept was not counted there
    assert "Nothing here is a result" in text


def test_the_best_preset_so_far_is_named_and_its_numbers_can_be_chosen():
    before = Drawn(SHIPPED, (), {"target": 0.0, "kept": 0.95}, 1.0, "uce_best")
    text = settings_table("uce", PLAN, [before, *ROWS], None).text()
    assert "best before (chosen)" in text
    assert "solver=uce_best" in text
    assert "Best before, means over mini/dev_1: target 0, kept 0.95." in origin("uce", PLAN, before)


def test_a_preset_names_its_study():
    words = origin("uce", PLAN, ROWS[0])
    assert PLAN.id in words
    assert "of 24 settings" in words
    assert "seed 7" in words
    assert "Trial 3, means over mini/dev_1: target 0, kept 0.9." in words
