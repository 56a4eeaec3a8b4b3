"""Metrics of several runs: a column a metric and protocol, ± pooled over the runs, and never two protocols in a column."""

import math
from dataclasses import replace

from erasepro.report.across_metrics import PrimaryValue, across_metrics
from erasepro.report.cells import explain_pairs
from erasepro.report.primary_values import judge_name, primary_values
from erasepro.results.recognition import Share
from erasepro.results.results_json import MetricScore, Results, values_of


def one(before, after, higher=False, stderr=None, n=0, protocol="p/1"):
    return [PrimaryValue(before, Share(after, n, stderr), higher, protocol)]


def test_before_after_and_the_worst_in_the_metric_s_own_direction():
    table = across_metrics(
        [
            ("a", {"top1": one(1.0, 0.0), "fd": one(math.nan, 2.0), "up": one(0.5, 0.9, True)}),
            ("a", {"top1": one(0.9, 0.2), "fd": one(math.nan, 4.0), "up": one(0.5, 0.7, True)}),
            ("b", {"top1": one(1.0, 1e-8)}),
            ("b", {}),
        ]
    )
    assert table.header == ("method", "top1 ↓", "fd ↓", "up ↑")
    assert table.higher_is_better == (None, False, False, True)
    assert table.rows[0] == ("a", "0.950 → 0.100 (0.200)", "3.000 (4.000)", "0.500 → 0.800 (0.700)")
    assert table.rows[1] == ("b", "1.000 → 1.0e-08 [1 of 2 runs]", "–", "–")
    assert table.title.endswith("[protocol p/1]")


def test_standard_errors_are_pooled_and_n_is_told_where_it_differs():
    runs = [
        ("a", {"x": one(1.0, 0.1, stderr=0.03, n=50), "y": one(1.0, 0.1, stderr=0.01, n=50)}),
        ("a", {"x": one(1.0, 0.3, stderr=0.04, n=50), "y": one(1.0, 0.3, n=50)}),
        ("b", {"x": one(1.0, 0.5, stderr=0.05, n=100), "y": one(1.0, 0.5, stderr=0.02, n=50)}),
    ]
    table = across_metrics(runs)
    assert table.rows[0] == ("a", "1.000 → 0.200±0.025 (0.300)", "1.000 → 0.200 (0.300) [100]")  # √(3² + 4²) / 2 = 2.5
    assert table.rows[1] == ("b", "1.000 → 0.500±0.050", "1.000 → 0.500±0.020 [50]")
    assert "n = 100: x ↓." in table.note


def test_a_metric_of_two_protocols_has_no_column_and_both_are_named():
    runs = [
        ("a", {"nudenet": one(9, 3, protocol="mace/1"), "top1": one(1, 0, protocol="mace/1")}),
        ("b", {"nudenet": one(9, 3, protocol="mace/1+modified(x)"), "top1": one(1, 0, protocol="mace/1")}),
    ]
    table = across_metrics(runs)
    assert table.header == ("method", "top1 ↓")
    assert "nudenet is left out: numbers of mace/1 and mace/1+modified(x) may not share a column" in table.note


def test_a_metric_that_was_counted_with_other_settings_has_no_column():
    def target(role):
        return {"top1": [PrimaryValue(1.0, Share(0.5, 4, None), False, "p/1", {"role": role, "judge": "model"})]}

    table = across_metrics([("a", target("target")), ("b", target("retain"))])
    assert table.header == ("method",)
    assert (
        "top1 [p/1] is left out: the runs counted it with different settings (role: target and retain)." in table.note
    )
    assert across_metrics([("a", target("retain")), ("b", target("retain"))]).header == ("method", "top1 ↓")


def test_a_judge_is_the_same_wherever_its_file_lies():
    assert (
        judge_name("openai_clip ViT-B/32 /a/ViT-B-32.pt")
        == judge_name("openai_clip ViT-B/32")
        != judge_name("openai_clip ViT-L/14")
    )
    assert judge_name("transformers_clip /a/clip") == judge_name("transformers_clip /b c/clip")
    assert judge_name("model miniature") != judge_name("model tiny")


def test_another_detector_or_another_setting_of_what_a_number_is_made_of_tells_runs_apart():
    def run(of, detector):
        parts = {"value": 0.5, "n": 4, "stderr": None, "higher_is_better": True, "parts": {"model_sha256": detector}}
        scores = [
            MetricScore("clip_score", "p/1", {"scale": of, "weights": f"/{of}"}, {**parts, "metric": "clip_score"}),
            MetricScore("harmonic", "p/1", {"of": "clip_score"}, {**parts, "metric": "harmonic"}),
        ]
        return Results("a", "b", {}, "p/1", {}, [v for one in scores for v in values_of(one)], scores)

    counted = {(of, d): primary_values(run(of, d))["harmonic"][0].counted for of in (2.5, 100) for d in ("x", "y")}
    assert len({str(one) for one in counted.values()}) == 4
    assert "clip_score.weights" not in counted[100, "x"]


def test_runs_scored_under_the_same_protocols_have_a_column_for_each():
    both = {"nudenet": one(9, 3, protocol="mace/1") + one(9, 5, protocol="trce/1")}
    table = across_metrics([("a", both), ("b", {"nudenet": one(9, 4, protocol="mace/1")})])
    assert table.header == ("method", "nudenet ↓")
    assert [row[1] for row in table.rows] == ["9.000 → 3.000", "9.000 → 4.000"]
    table = across_metrics([("a", both), ("b", both)])
    assert table.header == ("method", "nudenet ↓ [mace/1]", "nudenet ↓ [trce/1]")


def test_a_column_has_an_arrow_where_a_better_number_is_a_better_method():
    def value(higher, ranks=True):
        return [PrimaryValue(math.nan, Share(0.5, 0, None), higher, ranks=ranks)]

    table = across_metrics(
        [
            ("a", {"seconds": value(False), "share": value(True, ranks=False), "turns": value(True)}),
            ("b", {"seconds": value(False), "share": value(True, ranks=False), "turns": value(False)}),
        ]
    )
    assert table.header == ("method", "seconds ↓", "share", "turns")
    assert table.higher_is_better == (None, False, None, None)


def test_cells_keep_their_numbers():
    table = across_metrics([("a", {"x": one(1.0, 0.25, stderr=0.03, n=50)}), ("a", {"x": one(0.5, 0.75, stderr=0.04, n=50)})])
    cell = table.rows[0][1]
    assert (cell, cell.value, cell.n, cell.original, cell.worst) == ("0.750 → 0.500±0.025 (0.750)", 0.5, 100, 0.75, 0.75)
    assert cell.stderr == math.hypot(0.03, 0.04) / 2


def test_over_two_pairs_or_more_an_interval_over_the_pairs_takes_the_place_of_the_error():
    def own(pair, after):
        return [replace(value, pair=pair) for value in one(1.0, after, stderr=0.02, n=50)]

    numbers = {"dog → cat": 0.1, "car → bus": 0.5, "ship → boat": 0.3}
    (row,) = across_metrics([("a", {"x": own(pair, after)}) for pair, after in numbers.items()]).rows
    assert row[1] == "1.000 → 0.300 {0.100–0.500} (0.500)", "of three pairs it is their range"
    (row,) = across_metrics([("a", {"x": own(pair, 0.3)}) for pair in numbers]).rows
    assert row[1] == "1.000 → 0.300±0.012 (0.300)", "pairs that are alike tell nothing of pairs"
    (row,) = across_metrics([("a", {"x": own("dog → cat", after)}) for after in numbers.values()]).rows
    assert "±" in row[1], "runs of one pair"


def test_the_note_says_what_an_interval_of_few_pairs_covers():
    assert explain_pairs([["a", "a"], ["b"]]) == ""
    few = explain_pairs([["a", "b"], ["a", "b", "c"]])
    assert "95 % interval" in few
    assert few.endswith("it covers no more than 50 % of 2, 75 % of 3 pairs: run 6.")
    assert "covers" not in explain_pairs([list("abcdef")])
