"""How runs are named in a joint table, and what else a table says about its runs."""

from dataclasses import asdict

import pytest

from erasepro.config.stored_config import StoredConfig
from erasepro.generation import Row
from erasepro.report.grid_rows import grid_rows
from erasepro.report.heading import format_heading
from erasepro.report.joint import UNRANKED, across, caution_unlike, label_method, label_rows
from erasepro.report.ranks import Rank
from erasepro.report.run_tables import _worst_table
from erasepro.results.recognition import RecognitionRates, Share
from erasepro.results.results_json import Results, Value
from erasepro.results.settings import RunSettings
from erasepro.runs.preset import nearest_preset
from erasepro.runs.resolve import resolve


@pytest.mark.parametrize(
    ("overrides", "label"),
    [
        ([], "erasepro"),
        (["solver=uce"], "uce"),
        (["solver=uce_published"], "uce_published"),
        (["solver=uce_best"], "uce_best"),
        (["schedule=reverse"], "erasepro schedule.name=reverse"),
        (
            ["solver.cross_attention_fit.independence_threshold=0.2"],
            "erasepro cross_attention_fit.independence_threshold=0.2",
        ),
        (["solver=uce", "solver.ridge=1"], "uce ridge=1.0"),
        (["concepts=mini/dev_5"], "erasepro, 5 concepts"),
        (["concepts=mini/style_noto"], "erasepro, style"),
    ],
)
def test_a_method_is_a_preset_and_what_was_changed_in_it(overrides, label):
    config = dict(resolve(overrides).stored.values)
    assert label_method(Results("n", "s", config, "p/1", {}, method=nearest_preset(config["solver"]))) == label


def test_a_joint_table_names_the_settings_in_which_its_runs_are_unlike():
    def run(*overrides):
        return Results("n", "s", dict(resolve(list(overrides)).stored.values), "p/1", {})

    assert caution_unlike([run(), run("solver=uce", "concepts=mini/dev_5", "generation.batch_size=2")]) == []
    (said,) = caution_unlike([run("generation.steps=9"), run("generation.steps=12"), run("generation.seeds=[7]")])
    assert "generation.steps (9, 12, 16)" in said
    assert "generation.seeds ([0, 1, 2], [7])" in said


def test_rows_are_named_by_what_their_runs_differ_in_so_that_none_are_pooled_unawares():
    def run(*overrides):
        spec = resolve(list(overrides))
        return Results("n", "s", dict(spec.stored.values), "p/1", {}, method=spec.stored["method"])

    alike = [run("solver=uce"), run("solver=uce", "concepts=mini/pair_car", "generation.seeds=[7]"), run("solver=uce_best")]
    assert label_rows(alike) == ["uce", "uce", "uce_best"], "pairs and seeds are what a mean goes over"
    assert label_rows([run("generation.steps=9"), run("generation.steps=12")]) == [
        "erasepro, generation.steps=9",
        "erasepro, generation.steps=12",
    ]
    known = label_rows([run("solver=uce"), run("solver=uce", "templates=known")])
    assert known[0] != known[1]
    assert "templates.grammar=miniature" in known[1]


def test_heading():
    config = dict(resolve(["concepts=mini/dev_10", "generation.split=validation"]).stored.values)
    assert format_heading(RunSettings.of(StoredConfig(config)), "p/1", "erasepro") == (
        "lion → tiger, lemon → banana, tractor → ambulance, crown → trophy and 6 more · miniature · erasepro · 16 steps, "
        "guidance 3, seeds 0, 1, 2 · validation prompts · p/1"
    )


def test_the_grid_shows_different_concepts_before_it_shows_one_twice():
    rows = [Row(f"{c}-{w}-{i}", "", 0, c, "retain", w, c) for c in "abcde" for i, w in enumerate(("plain", "complex"))]
    assert len({row.concept for row in grid_rows(rows)}) == 4


def test_worst_concept_says_when_several_are_equal():
    def rates(group, own, ratio):
        one = Share(own, 8, 0.1)
        return asdict(RecognitionRates("retain", "all", group, one, one, one, one, one, one, Share(ratio, 8, 0.1), 0))

    def shown(*ratios):
        found = Results(
            "n",
            "s",
            {},
            "p/1",
            {},
            recognition_by_concept=[rates(g, 1.0, r) for g, r in zip("abc", ratios, strict=True)],
        )
        return _worst_table(found)[0].rows[0]

    assert shown(1.0, 1.0, 1.0)[1] == "a and 2 more"
    assert shown(1.0, 0.5, 1.0)[1] == "b"


def measured(name, value, *overrides):
    """A run with a number of one metric."""
    spec = resolve(["metrics=none", f"solver={name}", *overrides])
    values = [Value("clip_accuracy_top1", "edited", "", "", value, 40, 0.1, False, "p/1")]
    return Results(name, f"{name}{overrides}", dict(spec.stored.values), "p/1", {}, values, method=spec.stored["method"])


CAR = "concepts=mini/pair_car"


def test_the_best_method_is_marked_where_all_erase_the_same():
    runs = [measured("uce", 0.2), measured("uce", 0.4, CAR), measured("erasepro", 0.1), measured("erasepro", 0.1, CAR)]
    recognition, metrics = across(runs)
    assert {row[0]: rank for (line, _), rank in metrics.ranks.items() for row in [metrics.rows[line]]} == {
        "erasepro": Rank.BEST,
        "uce": Rank.SECOND,
    }
    assert UNRANKED not in metrics.note
    assert recognition.ranks == {}, "no picture was looked at"


@pytest.mark.parametrize("other", [(CAR,), ("generation.split=validation",)])
def test_no_method_is_the_best_where_they_erase_different_things(other):
    for table in across([measured("uce", 0.2), measured("erasepro", 0.1, *other)]):
        assert table.ranks == {}
        assert table.note.endswith(UNRANKED)


def test_prompts_that_differ_are_part_of_a_rows_name(tmp_path):
    (tmp_path / "p.csv").write_text("prompt\na dog\n")
    own = measured("uce", 0.2, "prompts=custom", f"prompts.custom.file={tmp_path / 'p.csv'}")
    assert label_rows([measured("uce", 0.1), own]) == ["uce, prompts=templates", "uce, prompts=custom"]
    assert label_rows([own, own]) == ["uce", "uce"]
