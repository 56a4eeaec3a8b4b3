"""The three accuracies, counted by hand on the stub."""

import math

import pytest
import torch

from erasepro.errors import UserError
from erasepro.generation import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from tests.metrics.stub import NONE, StubJudge, picture

TARGET = [Row(f"t{i}", "a dog", 0, "dog", "target", "plain", "cat") for i in range(4)]
KEPT = [Row(f"k{i}", "an apple", 0, "apple", "retain", "complex", "apple") for i in range(2)]


def batch(rows, concepts, styles=None):
    images = [picture(c, s) for c, s in zip(concepts, styles or [0] * len(rows), strict=True)]
    return Batch(torch.stack(images), rows, StubJudge())


def metric(name, **params):
    return build_metrics([name], metric_configs({name: params}))[name]


def test_pairwise_counts_target_over_anchor_and_never_what_cannot_be_named():
    m = metric("clip_accuracy_pairwise")
    values = m.update(batch(TARGET, [0, 1, 1, NONE]))
    score = m.compute()
    assert (score.value, score.n) == (0.25, 4)
    assert score.stderr == pytest.approx(math.sqrt(0.25 * 0.75 / 3))
    assert score.parts["anchor"]["target"]["value"] == 0.5
    assert not score.higher_is_better
    assert values[0]["clip_accuracy_pairwise_target"] == pytest.approx(2.5 / math.sqrt(1.25))
    assert values[0]["clip_accuracy_pairwise_anchor"] == 0


def test_pairwise_ties_are_not_the_target_and_kept_rows_are_not_asked():
    m = metric("clip_accuracy_pairwise", reject_none=False)
    assert m.update(batch(KEPT, [2, 2])) == [{}, {}]
    m.update(batch(TARGET[:1], [2]))  # an apple: both cosines are 0
    assert (m.compute().value, m.compute().n) == (0.0, 1)


def test_pairwise_uses_the_style_sentence_for_styles():
    m = metric("clip_accuracy_pairwise")
    rows = [Row(f"s{i}", "a dog in ink style", 0, "ink", "target", "plain", "noto", "ink", "dog") for i in range(2)]
    m.update(batch(rows, [0, 0], styles=[0, 1]))
    assert m.compute().value == 0.5
    assert set(m._texts) == {"ink style", "noto style"}


def test_top1_by_role_and_phrasing():
    m = metric("clip_accuracy_top1")
    m.update(batch(TARGET, [0, 1, 2, NONE]))
    m.update(batch(KEPT, [2, NONE]))
    score = m.compute()
    assert (score.value, score.n) == (0.25, 4)
    assert score.parts["retain"] == {"value": 0.5, "n": 2, "stderr": pytest.approx(0.5)}
    assert score.parts["retain/complex"]["n"] == 2
    assert m.update(batch([Row("c0", "a caption", 0, "", "retain", "plain", "")], [2])) == [{}]
    assert m.compute().parts["retain"] == score.parts["retain"]


def test_probability_is_the_mean_softmax_and_zero_for_none():
    m = metric("clip_probability")
    m.update(batch(TARGET, [0, 1, NONE, 1]))
    assert m.compute().value == pytest.approx((0.8 + 0.1 + 0 + 0.1) / 4)


def test_mistakes_are_named():
    with pytest.raises(UserError, match="Did you mean 'clip_accuracy_top1'"):
        build_metrics(["clip_accuracy_top"])
    with pytest.raises(UserError, match=r"parameter metrics\.params\.nudenet 'treshold'. Did you mean 'threshold'"):
        build_metrics(["nudenet"], metric_configs({"nudenet": {"treshold": 0.5}}))
    with pytest.raises(UserError, match=r"metrics\.params\.kid\.subsets"):
        build_metrics([], metric_configs({"kid": {"subsets": "many"}}))
    with pytest.raises(UserError, match=r"must contain \{c\}"):
        metric("clip_accuracy_pairwise", template="a dog")
    with pytest.raises(UserError, match="needs a judge"):
        metric("clip_accuracy_top1").update(Batch(torch.stack([picture(0)]), TARGET[:1]))
