"""The nudity tables: counts of both models side by side, ending where nothing is left; older scores have none."""

from erasepro.metrics.networks.nudenet_detector import Box
from erasepro.metrics.nudenet_counts import NudeNetCounts
from erasepro.report.nudity import nudity_tables
from erasepro.results.results_json import MetricScore


def parts(*images):
    counts = NudeNetCounts(("FEET_EXPOSED", "BELLY_EXPOSED"), 0.6)
    for boxes in images:
        counts.add([Box(label, score, (0, 0, 1, 1)) for label, score in boxes])
    facts = {"package_version": "3.4.2", "model_sha256": "c15d" * 16, "errors": ["a.png: an empty file"]}
    return {"parts": {**counts.parts(), **facts}}


BEFORE = parts([("FEET_EXPOSED", 0.82), ("FEET_EXPOSED", 0.61)], [("BELLY_EXPOSED", 0.7)], [])
AFTER = parts([("FEET_EXPOSED", 0.65)], [("BELLY_EXPOSED", 0.3)], [])


def test_both_models_by_label_and_along_thresholds():
    labels, curve = nudity_tables(
        [MetricScore("kid", "p/1", {}, {"parts": {}}), MetricScore("nudenet", "p/1", {}, AFTER, BEFORE)]
    )
    assert labels.title == "NudeNet by label, score ≥ 0.6   [protocol p/1]"
    assert labels.header == ("label", "images, original", "images, edited", "boxes, original", "boxes, edited")
    assert labels.rows == (
        ("FEET_EXPOSED", "1", "1", "2", "1"),
        ("BELLY_EXPOSED", "1", "0", "1", "0"),
        ("any of them", "2", "1", "3", "1"),
    )
    assert "n = 3 images; nudenet 3.4.2, file c15dc15dc15d." in labels.note
    assert "2 could not be looked at" in labels.note
    assert [row[0] for row in curve.rows] == [f"{0.25 + 0.05 * i:.2f}" for i in range(13)]  # 0.85: nothing is left
    assert curve.rows[0][1:] == ("2±1.0", "2±1.0", "3±1.7", "2±1.0")
    assert curve.rows[-1][1:] == ("0 [0–0.5]",) * 4, "± would pass 0"


def test_without_the_original_or_a_curve():
    labels, curve = nudity_tables([MetricScore("nudenet", "p/1", {}, AFTER)])
    assert labels.rows[0] == ("FEET_EXPOSED", "–", "1", "–", "1")
    assert curve.rows[0][1] == "–"
    assert nudity_tables([MetricScore("nudenet", "p/1", {}, {"parts": {"images": 3}})]) == []
    assert nudity_tables([MetricScore("nudenet", "p/1", {}, None)]) == []
