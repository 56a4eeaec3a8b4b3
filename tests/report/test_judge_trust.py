"""A judge that does not know the original's pictures: refused over several runs, shown with a caution in its own."""

from erasepro.report.joint import across
from erasepro.report.judge_trust import RECOGNITION, caution_distrust, distrust, recognizes
from erasepro.report.run_tables import tables
from erasepro.results.results_json import MetricScore, Results
from tests.report.made_runs import erased, make_run
from tests.report.test_paired import tables_of


def blind(row, model):
    """It knows foxes, and no dog."""
    return "wolf" if row.concept == "dog" else erased(row, model)


def results(tmp_path, names=blind, solver="uce", **facts):
    return Results.load(make_run(tmp_path / solver, solver, ("dog", "cat"), names, **facts) / "results.json")


REASON = (
    "of the original model's own pictures the judge names the concept in 0 % of 8 pictures of targets (least: 50 %)"
)


def test_which_metrics_count_names():
    counting = ("clip_accuracy_top1", "clip_accuracy_pairwise", "clip_probability", "object_accuracy")
    assert all(recognizes(name) for name in counting)
    assert not any(recognizes(name) for name in ("kid", "fid", "clip_score", "nudenet", "perceptual_change", "harmonic"))


def test_a_run_s_own_tables_show_the_numbers_and_say_that_they_are_worth_nothing(tmp_path):
    listed = tables(results(tmp_path))
    shown, metrics = (next(table for table in listed if table.title.startswith(title)) for title in ("What", "Metrics"))
    assert shown.rows
    assert f"CAUTION: recognition cannot be trusted here: {REASON}." in shown.note
    assert metrics.rows
    assert f"CAUTION: clip_probability cannot be trusted here: {REASON}." in metrics.note
    sound = tables(results(tmp_path / "sound", erased))
    assert not any("cannot be trusted" in table.note for table in sound)


def test_tables_over_several_runs_leave_it_out_with_the_reason(tmp_path):
    shown, metrics = across([results(tmp_path), results(tmp_path, solver="oce")])
    assert [row[4] for row in shown.rows] == ["–", "–"]
    assert "clip_probability" not in metrics.header
    assert f"Left out: recognition, clip_probability of the runs of dog → cat: {REASON}." in metrics.note
    assert metrics.note.count("Left out:") == 1


def test_runs_whose_judge_knows_its_concepts_stay(tmp_path):
    sound = [results(tmp_path / "sound", erased), results(tmp_path / "sound", erased, "oce")]
    _, metrics = across([*sound, results(tmp_path)])
    assert metrics.header[1].startswith("clip_probability")
    assert "1.000 → 0.000" in metrics.rows[0][1]
    assert "2 runs]" not in metrics.rows[1][1]


def test_it_is_not_tested(tmp_path):
    for solver in ("erasepro", "uce"):
        make_run(tmp_path / solver, solver, ("dog", "cat"), blind)
    assert tables_of(tmp_path / "erasepro", tmp_path / "uce") == []
    for solver in ("erasepro", "uce"):
        make_run(tmp_path / f"sound {solver}", solver, ("car", "bus"), erased)
    (table,) = tables_of(*tmp_path.iterdir())
    assert {row[7] for row in table.rows} == {"8", "16"}, "images of the pair whose judge is sound"


def test_half_is_enough_and_retained_concepts_count_by_themselves(tmp_path):
    def half(row, model):
        return "wolf" if row.role == "retain" and row.seed == 0 else erased(row, model)

    def less(row, model):
        return "wolf" if row.role == "retain" and row.id.endswith(("0", "1", "2")) else erased(row, model)

    assert distrust(results(tmp_path / "half", half), RECOGNITION) == ""
    assert "25 % of 8 pictures of retained concepts" in distrust(results(tmp_path / "less", less), RECOGNITION)


def test_a_metric_with_a_network_of_its_own_is_asked_itself_and_a_derived_one_for_what_it_is_made_of(tmp_path):
    run = results(tmp_path, erased)

    def part(value):
        return {"value": value, "n": 8, "stderr": 0.1}

    def score(name, params, target, judge=""):
        whole = {"name": name, "value": target, "n": 8, "stderr": 0.1, "higher_is_better": False}
        facts = {**whole, "parts": {"target": part(target)}}
        return MetricScore(name, "erasepro/2", params, facts, facts, judge)

    run.add([score("object_accuracy", {}, 0.2), score("harmonic", {"of": "object_accuracy"}, 0.5), score("kid", {}, 0.0)])
    assert "20 % of 8 pictures of targets" in distrust(run, "object_accuracy")
    assert distrust(run, "harmonic") == distrust(run, "object_accuracy")
    assert distrust(run, "kid") == distrust(run, "clip_probability") == distrust(run, "unheard of") == ""
    assert caution_distrust(run, ["object_accuracy", "harmonic"]).startswith("CAUTION: object_accuracy and harmonic cannot")


def test_without_a_picture_of_the_original_nothing_is_known_and_nothing_is_trusted(tmp_path):
    run = results(tmp_path, erased)
    run.recognition = []
    assert distrust(run, "clip_probability").startswith("no picture of the original model was judged")
