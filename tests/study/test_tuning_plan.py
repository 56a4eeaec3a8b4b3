from dataclasses import replace

import pytest

from erasepro.concepts.load import load_concepts
from erasepro.config.paths import options
from erasepro.errors import UserError
from erasepro.runs.resolve import resolve
from erasepro.runtime.sealed_json import KEY
from erasepro.study.space import load_space
from erasepro.study.tuning_plan import PLAN, SETS, TuningPlan, code_digest

PLANNED = TuningPlan(("uce", "erasepro"), ("mini/dev_1", "mini/dev_5"), (), 24, 5, 4.0, 2, 0, "code", 100.0)


@pytest.mark.ci_slow  # composes some forty sets
def test_no_target_of_a_test_set_is_in_a_development_set():
    sets = {name: set(load_concepts(resolve([f"concepts={name}"]).concepts, "miniature").targets) for name in instance_sets()}
    developed = set().union(*(targets for name, targets in sets.items() if name.startswith("mini/dev")))
    tested = set().union(*(targets for name, targets in sets.items() if not name.startswith("mini/dev")))
    assert all(name.startswith("mini/dev") for name in SETS)
    assert len(developed) == 43
    assert len(tested) >= 40
    assert not developed & tested


def instance_sets():
    kinds = ("mini/instance", "mini/pair", "mini/dev", "mini/faces")
    return [n for n in options("concepts") if n.startswith(kinds) and not n.startswith("mini/dev_style")]


def test_a_style_has_another_anchor_in_development():
    styles = {name: load_concepts(resolve([f"concepts={name}"]).concepts, "miniature") for name in options("concepts")
              if name.startswith(("mini/style", "mini/dev_style"))}
    assert {name for name in SETS if "style" in name} < set(styles)
    for style in ("noto", "twemoji", "fluent", "ink"):
        (tested,), (developed,) = styles[f"mini/style_{style}"].pairs, styles[f"mini/dev_style_{style}"].pairs
        assert tested.target == developed.target == style
        assert tested.anchor != developed.anchor


def test_a_cut_takes_the_same_from_every_solver_and_fits_its_hours():
    seconds = {"uce": 10.0, "erasepro": 60.0}
    assert PLANNED.affordable(seconds) == PLANNED
    short = replace(PLANNED, hours=0.4)
    cut = short.affordable(seconds)
    assert 4 <= cut.trials < 24
    assert 2 <= cut.pictures <= 5
    assert cut.cost(seconds) <= 0.4 < short.cost(seconds)
    # 24 trials; 5 settings drawn, the best preset so far, and the chosen one again on known words; on two processes
    assert PLANNED.cost(seconds) == pytest.approx((24 * 70 + 7 * (70 + 2 * 100)) / 3600 / 2)


def test_too_few_hours_are_refused_with_those_that_it_takes():
    with pytest.raises(UserError, match=r"takes about \d\.\d hours with workers=2"):
        replace(PLANNED, hours=0.01).affordable({"uce": 10.0, "erasepro": 60.0})


def test_the_id_hangs_on_what_changes_results_alone():
    assert replace(PLANNED, hours=1.0, workers=1, drawing=3.0).id == PLANNED.id
    for change in ({"seed": 1}, {"trials": 23}, {"pictures": 4}, {"code": "other"}, {"overrides": ("model=tiny",)}):
        assert replace(PLANNED, **change).id != PLANNED.id


def test_a_plan_is_read_as_it_was_written_and_a_changed_one_is_refused(tmp_path):
    assert TuningPlan.stored(tmp_path) is None
    PLANNED.save(tmp_path)
    assert TuningPlan.stored(tmp_path) == PLANNED
    text = (tmp_path / PLAN).read_text()
    assert KEY in text
    (tmp_path / PLAN).write_text(text.replace('"trials": 24', '"trials": 25'))
    with pytest.raises(UserError, match="another out=FOLDER"):
        TuningPlan.stored(tmp_path)


def test_other_words_on_a_studys_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"sets=\[mini/dev_1,mini/dev_5\], not \[mini/dev_10\]"):
        PLANNED.check_same(replace(PLANNED, sets=("mini/dev_10",)), tmp_path)
    with pytest.raises(UserError, match="another version of the code"):
        PLANNED.check_same(replace(PLANNED, code="changed"), tmp_path)
    PLANNED.check_same(replace(PLANNED, hours=1.0, workers=5, trials=3), tmp_path)


def test_every_solver_draws_the_same_development_prompts_fitted_blind():
    specs = [PLANNED.spec(solver, "mini/dev_5") for solver in ("erasepro", "uce")]
    for spec in specs:
        assert (spec.generation.split, spec.sentences.grammar) == ("validation", "open")
        assert spec.generation.prompts_per_concept == 4
    assert specs[0].generation == specs[1].generation
    assert PLANNED.spec("uce", "mini/dev_30").generation.prompts_per_concept == 1
    changed = replace(PLANNED, overrides=("generation.steps=3", "templates=known"))
    spec = changed.spec("uce", "mini/dev_1", ["solver.ridge=2.0"])
    assert (spec.generation.steps, spec.sentences.grammar, spec.solver.ridge) == (3, "miniature", 2.0)


def test_the_code_hangs_on_the_spaces():
    spaces = [load_space("uce"), load_space("cure")]
    assert code_digest(spaces) == code_digest(spaces)
    assert code_digest(spaces) != code_digest(spaces[:1])
