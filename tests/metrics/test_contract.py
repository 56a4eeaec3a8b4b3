"""What every metric keeps to, whichever it is: a new one is tested as soon as it is registered.

A metric whose network has weights that are not at hand is given a stand-in in `make`; all others are built from their defaults.
"""

from __future__ import annotations

import dataclasses
import json
import math
import pickle
from functools import partial

import pytest
import torch

from erasepro.generation import Row
from erasepro.metrics import METRICS, nudenet
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.fid import FID
from erasepro.metrics.networks.nudenet_detector import Box
from erasepro.metrics.object_accuracy import ObjectAccuracy
from erasepro.metrics.perceptual_change import PerceptualChange
from erasepro.results.results_json import nonfinite_to_null
from tests.metrics.stub import CONCEPTS, StubJudge
from tests.metrics.stub_nudenet import StubDetector
from tests.metrics.wide import SIDE, WideNetwork

ROLES = {"target": 8, "synonym": 2, "anchor": 2, "retain": 20}
"""Prompts of each role; each is drawn with two seeds."""

ROWS = [
    Row(
        f"{role}-{i}",
        f"a {concept}",
        seed,
        concept,
        role,
        ("plain", "complex")[i % 2],
        "cat" if role in ("target", "synonym") else concept,
    )
    for role, number in ROLES.items()
    for i in range(number)
    for seed in (0, 1)
    for concept in [{"retain": "apple", "anchor": "cat"}.get(role, "dog")]
]

RANDOM_SUBSETS = {"kid"}
"""Metrics whose estimate draws subsets of the images by their order: another order is another estimate of the same number."""


class Brightest(StubDetector):
    """One box a picture, the likelier the redder its second pixel."""

    def __init__(self, *_):
        pass

    def find(self, pictures):
        return (
            [Box("BUTTOCKS_EXPOSED", 0.25 + 0.7 * int(picture[0, 0, 1]) / 255, (0, 0, 1, 1))] for picture in pictures
        )


class FirstPixel:
    """A classifier: the first pixel's red is the class."""

    key = "first-pixel"

    def __call__(self, images):
        return {"logits": 10 * torch.nn.functional.one_hot(images[:, 0, 0, 0].long(), 1000).float()}


class Pixels:
    """A feature network for perceptual distances: the pixels themselves."""

    key = "pixels"

    def __call__(self, images):
        return [images.float() + 1]


STAND_INS = {
    "fid": partial(FID, network=WideNetwork(4)),
    "object_accuracy": partial(ObjectAccuracy, network=FirstPixel()),
    "perceptual_change": partial(PerceptualChange, layers=Pixels()),
}
SETTINGS = {"object_accuracy": {"classes": {"dog": ["tench"], "cat": ["goldfish"], "apple": ["great white shark"]}}}
"""The first three of ImageNet's classes, as `FirstPixel` sees the stub's concepts."""


@pytest.fixture(params=METRICS.names())
def name(request, monkeypatch):
    monkeypatch.setattr(nudenet, "NudeNetDetector", Brightest)
    return request.param


def make(name):
    config = METRICS.config(name)(**SETTINGS.get(name, {}))
    return STAND_INS.get(name, METRICS.get(name))(config)


def asks_judge(name):
    return METRICS.get(name).asks_judge(METRICS.config(name)(**SETTINGS.get(name, {})))


def pictures(seed=0):
    """(N, 3, 8, 8): noise of which a third shows each of the stub's concepts."""
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (len(ROWS), 3, SIDE, SIDE), dtype=torch.uint8, generator=draw)
    images[:, 0, 0, 0] = torch.randint(0, len(CONCEPTS), (len(ROWS),), generator=draw)
    images[:, 1, 0, 0] = 0
    return images


def feed(metric, images, reference=False, size=7, order=None, judge=True):
    """The pictures to a metric in batches; returns their per-sample values."""
    order = list(range(len(ROWS))) if order is None else order
    values = []
    for start in range(0, len(order), size):
        at = order[start : start + size]
        values += metric.update(Batch(images[at], [ROWS[i] for i in at], StubJudge() if judge else None), reference)
    return values


def both(metric, edited, original, **how):
    """The score of edited pictures, compared with the original's where the metric compares."""
    if metric.needs_reference:
        feed(metric, original, reference=True, **how)
    feed(metric, edited, **how)
    return metric.compute()


def again(metric):
    """Through a pickle and back."""
    return pickle.loads(pickle.dumps(metric))  # noqa: S301 - its own


def same(a, b):
    return a is b if b is None else a == pytest.approx(b, rel=1e-6, abs=1e-6, nan_ok=True)


def assert_alike(samples, others):
    """Per-sample values that are the same but for rounding."""
    for sample, other in zip(samples, others, strict=True):
        assert sample == pytest.approx(other)


def shares(parts):
    """Every number with an n in a score's parts, however deep."""
    for part in parts.values():
        if isinstance(part, dict):
            if {"value", "n", "stderr"} <= part.keys():
                yield part
            yield from shares(part)


def test_it_says_what_it_is(name):
    metric = METRICS.get(name)
    assert metric.name == name
    assert METRICS.describe()[name]
    assert dataclasses.is_dataclass(METRICS.config(name))
    assert isinstance(metric.higher_is_better, bool)
    assert metric.version >= 1


def test_nothing_counted_is_n_0_without_an_error(name):
    score = make(name).compute()
    assert math.isnan(score.value)
    assert (score.name, score.n, score.stderr) == (name, 0, None)


def test_only_a_reference_or_only_one_image_stops_nothing(name):
    metric = make(name)
    if metric.needs_reference:
        feed(metric, pictures(), reference=True)
        assert metric.compute().n == 0
    metric = make(name)
    for i in {row.role: i for i, row in enumerate(ROWS)}.values():
        metric.update(Batch(pictures()[[i]], [ROWS[i]], StubJudge()))
    score = metric.compute()
    assert score.n <= len(ROLES)
    if score.n < 2:
        assert score.stderr is None


def test_n_counts_images_and_errors_are_finite(name):
    metric = make(name)
    score = both(metric, pictures(0), pictures(1))
    if METRICS.get(name).derived:
        assert score.n == 0
        return
    assert 1 < score.n <= len(ROWS)
    assert math.isfinite(score.value)
    assert score.stderr is None or (math.isfinite(score.stderr) and score.stderr >= 0)
    assert isinstance(score.higher_is_better, bool)
    for part in shares(score.parts):
        assert part["n"] <= len(ROWS)
        assert (part["stderr"] is None) == (part["n"] < 2)
    json.dumps(nonfinite_to_null(score.as_dict()), allow_nan=False)
    assert metric.compute() == score, "computing changes nothing"


@pytest.mark.parametrize("size", [1, 5, len(ROWS)])
def test_the_batch_size_changes_nothing(name, size):
    wanted, found = both(make(name), pictures(0), pictures(1)), both(make(name), pictures(0), pictures(1), size=size)
    assert found.n == wanted.n
    assert same(found.value, wanted.value)
    assert same(found.stderr, wanted.stderr)
    assert_alike(feed(make(name), pictures(0), size=size), feed(make(name), pictures(0)))


def test_the_order_of_the_images_changes_nothing(name):
    order = torch.randperm(len(ROWS), generator=torch.Generator().manual_seed(3)).tolist()
    wanted = both(make(name), pictures(0), pictures(1))
    found = both(make(name), pictures(0), pictures(1), order=order)
    assert found.n == wanted.n
    if name in RANDOM_SUBSETS:
        assert abs(found.value - wanted.value) < wanted.stderr
    else:
        assert same(found.value, wanted.value)
    values, turned = feed(make(name), pictures(0)), feed(make(name), pictures(0), order=order)
    assert_alike([values[i] for i in order], turned)


def test_its_inputs_are_left_alone(name):
    images, original = pictures(0), pictures(1)
    rows = pickle.dumps(ROWS)
    both(make(name), images, original)
    assert torch.equal(images, pictures(0))
    assert torch.equal(original, pictures(1))
    assert pickle.dumps(ROWS) == rows


def test_the_same_pictures_are_at_no_distance(name):
    metric = make(name)
    if metric.needs_reference:
        assert both(metric, pictures(0), pictures(0)).value == pytest.approx(0, abs=1e-6)
        assert abs(both(make(name), pictures(0), pictures(1)).value) > 1e-6


def test_it_can_be_pickled_at_any_time(name):
    metric = again(make(name))
    half = list(range(0, len(ROWS), 2))
    rest = [i for i in range(len(ROWS)) if i not in half]
    if metric.needs_reference:
        feed(metric, pictures(1), reference=True)
    feed(metric, pictures(0), order=half)
    copy = again(metric)
    for one in (metric, copy):
        feed(one, pictures(0), order=rest)
    assert copy.compute() == metric.compute() or math.isnan(copy.compute().value)


def test_per_sample_values_are_called_by_the_metrics_name(name):
    metric = make(name)
    values = feed(metric, pictures(1), reference=True) if metric.needs_reference else []
    values += feed(metric, pictures(0))
    assert len(values) == len(ROWS) * (2 if metric.needs_reference else 1)
    columns = {column for value in values for column in value}
    assert all(column == name or column.startswith(f"{name}_") for column in columns), columns
    assert all(isinstance(cell, str | int | float | None) for value in values for cell in value.values())


def test_it_looks_at_the_reference_only_where_it_says_so(name):
    class Untouchable:
        def __bool__(self):
            raise AssertionError("the metric looks at whether these are the original's images")

        def __getattr__(self, attribute):
            raise AssertionError(f"the metric looks at {attribute} of the reference")

    metric = make(name)
    if not metric.needs_reference:
        values = metric.update(Batch(pictures(), ROWS, StubJudge()), Untouchable())
        assert values == feed(make(name), pictures(), size=len(ROWS))


def test_it_asks_a_judge_only_where_it_says_so(name):
    if not asks_judge(name):
        metric = make(name)
        if metric.needs_reference:
            feed(metric, pictures(1), reference=True, judge=False)
        feed(metric, pictures(0), judge=False)
        assert metric.compute().n == both(make(name), pictures(0), pictures(1)).n
