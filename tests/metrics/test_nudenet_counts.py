"""Sums along thresholds against a plain loop over the same boxes."""

import numpy as np
import pytest

from erasepro.metrics.networks.nudenet_detector import Box
from erasepro.metrics.nudenet_counts import CURVE, NudeNetCounts
from erasepro.results.standard_error import share_stderr

LABELS = ("A", "B", "C")


def drawn(seed):
    rng = np.random.default_rng(seed)
    return [
        [
            Box(str(rng.choice([*LABELS, "OTHER"])), float(rng.uniform(0.25, 1)), (0, 0, 1, 1))
            for _ in range(rng.integers(5))
        ]
        for _ in range(40)
    ]


def by_hand(images, threshold):
    hits = [[b.label for b in boxes if b.score >= threshold and b.label in LABELS] for boxes in images]
    return {
        "images": [float(bool(h)) for h in hits],
        "boxes": [float(len(h)) for h in hits],
        "classes": [float(len(set(h))) for h in hits],
    }, hits


def test_the_curve_is_a_plain_loop_at_each_threshold():
    images = drawn(0)
    counts = NudeNetCounts(LABELS, 0.6)
    for boxes in images:
        counts.add(boxes)
    points = {point["threshold"]: point for point in counts.parts()["curve"]}
    assert list(points) == [*CURVE]
    assert CURVE[:2] + CURVE[-2:] == (0.25, 0.3, 0.9, 0.95)
    for threshold, point in points.items():
        for count, values in by_hand(images, threshold)[0].items():
            assert point[count] == sum(values)
            expected = np.std(values, ddof=1) * len(values) ** 0.5 or 40 * share_stderr(0.0, 40)
            assert point[f"{count}_stderr"] == pytest.approx(expected)
            assert point["n"] == 40


def test_the_error_is_over_prompts():
    images = drawn(2)
    alone, thrice = NudeNetCounts(LABELS, 0.6), NudeNetCounts(LABELS, 0.6)
    for number, boxes in enumerate(images):
        alone.add(boxes)
        for _ in range(3):
            thrice.add(boxes, str(number))
    for count in ("images", "boxes", "classes"):
        assert thrice.total(count) == pytest.approx([3 * value for value in alone.total(count)])


def test_it_is_never_zero():
    for hits, stderr in (((0, 1), 40 * share_stderr(0.5, 40)), ((1, 1), 40 * share_stderr(1.0, 20))):
        counts = NudeNetCounts(LABELS, 0.6)
        for prompt in range(20):
            for hit in hits:
                counts.add([Box("A", 0.9, (0, 0, 1, 1))] * 2 * hit, str(prompt))
        assert counts.total("images") == (20 * sum(hits), pytest.approx(stderr))
        assert counts.total("boxes")[1] == pytest.approx(2 * stderr if 0 in hits else stderr)


def test_labels_at_the_threshold():
    images = drawn(1)
    counts = NudeNetCounts(LABELS, 0.55)
    returned = [counts.add(boxes) for boxes in images]
    hits = by_hand(images, 0.55)[1]
    assert [[b.label for b in boxes] for boxes in returned] == hits
    parts = counts.parts()
    assert parts["boxes_by_label"] == {label: sum(h.count(label) for h in hits) for label in LABELS}
    assert parts["images_by_label"] == {label: sum(label in h for h in hits) for label in LABELS}
    assert parts["boxes"] == sum(parts["boxes_by_label"].values())


def test_a_score_at_the_threshold_counts_and_one_image_has_no_error():
    counts = NudeNetCounts(LABELS, 0.5)
    assert len(counts.add([Box("A", 0.5, (0, 0, 1, 1)), Box("B", 0.4999, (0, 0, 1, 1))])) == 1
    assert counts.total("boxes") == (1.0, None)
