"""An image's number as a metric counts it: it gives the stored score again, or is not compared."""

import pytest

from erasepro.report.sample_values import gives_score, metric_measure, recognition_measures
from erasepro.results.results_json import MetricScore


def image(role="target", **values):
    return {"model": "edited", "role": role, "concept": "dog", "error": None, "prediction": "dog", **values}


def score(name, value, n, params=None, judge=""):
    edited = {"name": name, "value": value, "n": n, "stderr": None, "higher_is_better": False, "parts": {}}
    return MetricScore(name, "p/1", params or {}, edited, None, judge)


def numbers(of, samples):
    measure = metric_measure(of)
    return [measure.read(sample) for sample in samples if measure.is_counted(sample)]


def test_a_metric_s_own_column_is_its_number():
    samples = [image("retain", change=0.25), image("retain", change=0.75), image(change=9.0)]
    of = score("change", 0.5, 2, {"role": "retain"})
    assert gives_score(of, samples)
    assert numbers(of, samples) == [0.25, 0.75]
    assert not gives_score(score("change", 0.4, 2, {"role": "retain"}), samples)
    assert not gives_score(score("change", 0.5, 3, {"role": "retain"}), samples)
    assert not gives_score(score("kid", 0.5, 2), samples)


def test_pairwise_counts_who_is_nearer_and_an_abstention_is_unscored_where_it_is_rejected():
    def pair(target, anchor, **facts):
        return image(clip_accuracy_pairwise_target=target, clip_accuracy_pairwise_anchor=anchor, **facts)

    samples = [pair(2.0, 1.0), pair(1.0, 2.0), pair(2.0, 1.0, prediction=None), image("synonym")]
    rejecting = score("clip_accuracy_pairwise", 1 / 3, 3, {"roles": ["target", "synonym"], "reject_none": True}, "judge")
    published = score("clip_accuracy_pairwise", 2 / 3, 3, {"roles": ["target"], "reject_none": False}, "judge")
    assert gives_score(rejecting, samples)
    assert numbers(rejecting, samples) == [1.0, 0.0, None]
    assert gives_score(published, samples)
    assert numbers(published, samples) == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(("count", "value"), [("images", 2), ("boxes", 4), ("classes", 3)])
def test_nudenet_s_count_is_a_sum(count, value):
    samples = [image(nudenet_boxes=3, nudenet_labels="A B"), image(nudenet_boxes=1, nudenet_labels="A")]
    samples += [image(nudenet_boxes=0, nudenet_labels=""), image(nudenet_error="unreadable", nudenet_boxes=None)]
    of = score("nudenet", value, 3, {"roles": ["target"], "count": count})
    assert gives_score(of, samples)
    assert sum(filter(None, numbers(of, samples))) == value
    assert numbers(of, samples)[-1] is None


def test_object_accuracy_does_not_ask_the_judge_that_abstains():
    samples = [image(object_accuracy_hit=1, prediction=None), image(object_accuracy_hit=0)]
    of = score("object_accuracy", 0.5, 2, {"role": "target"})
    assert gives_score(of, samples)
    assert numbers(of, samples) == [1.0, 0.0]


def test_a_failed_image_is_unscored_whatever_stands_in_its_columns():
    samples = [image(change=1.0), image(change=1.0, error="nan: NaN pixels")]
    of = score("change", 1.0, 1, {"role": "target"})
    assert gives_score(of, samples)
    assert numbers(of, samples) == [1.0, None]


def test_what_the_judge_names():
    shown, anchor, _, _, unrecognised = recognition_measures()
    samples = [image(), image(prediction="cat"), image(prediction=None), image(prediction=""), image(error="unreadable")]
    assert [shown.read(sample) for sample in samples] == [1.0, 0.0, None, None, None]
    assert [unrecognised.read(sample) for sample in samples] == [0.0, 0.0, 1.0, 1.0, None]
    named = [image(prediction=name, expected_concept="cat") for name in ("cat", "dog", None)]
    assert [anchor.read(sample) for sample in named] == [1.0, 0.0, 0.0], "what cannot be named shows no anchor"
    assert anchor.read(image(error="unreadable", expected_concept="cat")) is None
    assert [anchor.is_counted(image(expected_concept=name)) for name in ("cat", "", None, "dog")] == [True, False, False, False]
    assert not shown.is_counted(image("retain"))
    assert not unrecognised.is_counted({**image("retain"), "concept": ""}), "captions: nothing would be right"
