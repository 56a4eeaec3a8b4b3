"""H_o, H_c and H_a against the rows that papers print, scipy's harmonic mean, and simulated error."""

import math

import numpy as np
import pytest
from scipy.stats import hmean

from erasepro.errors import UserError
from erasepro.metrics import METRICS
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.harmonic import Harmonic, HarmonicConfig, difference, harmonic_mean
from erasepro.results.score import Score


def score(erased, retain, synonym=None, n=(200, 300, 50), stderr=0.01, name="clip_accuracy_top1"):
    values = {"target": erased, "retain": retain, "synonym": synonym}
    parts = {
        role: {"value": value, "n": count, "stderr": stderr}
        for (role, value), count in zip(values.items(), n, strict=True)
        if value is not None
    }
    return {name: Score(name, erased, n[0], stderr, False, {**parts, "target/plain": parts["target"]})}


@pytest.mark.parametrize(
    ("erased", "retain", "synonym", "published"),
    [
        (13.54, 98.45, 23.18, 85.48),  # UCE
        (96.96, 96.73, 82.56, 6.13),  # FMN
        (98.34, 98.56, 83.38, 3.63),  # AC
        (84.14, 98.54, 67.35, 26.32),  # SLD-M
        (26.93, 97.32, 31.61, 76.91),  # ESD-x
        (18.27, 86.76, 16.26, 83.69),  # ESD-u
        (8.49, 97.35, 10.53, 92.61),  # MACE
    ],
)
def test_h_o_is_scipy_s_harmonic_mean_and_no_less_than_the_published_means(erased, retain, synonym, published):
    """MACE prints means over ten objects, of H_o too. H_o is concave: the mean of the ten is below H_o of the means."""
    found = Harmonic.derive(score(erased / 100, retain / 100, synonym / 100), HarmonicConfig())
    assert found.value == pytest.approx(hmean([1 - erased / 100, retain / 100, 1 - synonym / 100]))
    assert published <= 100 * found.value < published + 3
    assert (found.n, found.higher_is_better) == (50, True)
    assert found.parts["target"] == {"value": pytest.approx(1 - erased / 100), "n": 200, "stderr": 0.01}
    assert found.parts["unit"] == "H_o of clip_accuracy_top1"


def test_h_c_of_a_published_row_of_speed():
    found = Harmonic.derive(score(0.0, 0.2092), HarmonicConfig(form="celebrities"))
    assert 100 * found.value == pytest.approx(34.60, abs=0.01)  # UCE, which leaves nothing of the hundred celebrities


@pytest.mark.parametrize(
    ("erased", "retain", "published"), [(21.31, 25.70, 4.39), (20.89, 21.21, 0.32), (22.59, 28.58, 5.99)]
)
def test_h_a_is_a_difference_of_clip_scores(erased, retain, published):
    found = Harmonic.derive(score(erased, retain, name="clip_score"), HarmonicConfig(of="clip_score", form="artists"))
    assert found.value == pytest.approx(published)
    assert found.stderr == pytest.approx(0.01 * math.sqrt(2))


def test_the_standard_error_is_what_the_mean_varies_by():
    parts = [(0.9, 0.004), (0.6, 0.006), (0.3, 0.005)]
    draws = np.random.default_rng(0).normal([p for p, _ in parts], [e for _, e in parts], (200_000, 3))
    assert harmonic_mean(parts)[1] == pytest.approx((3 / (1 / draws).sum(1)).std(), rel=0.01)


def test_a_part_of_nothing_makes_it_nothing_and_leaves_an_error():
    value, stderr = harmonic_mean([(0.0, 0.01), (0.8, 0.02), (0.9, 0.02)])
    assert value == 0
    assert stderr == pytest.approx(0.03)
    near = harmonic_mean([(1e-9, 0.01), (0.8, 0.02), (0.9, 0.02)])
    assert near == pytest.approx((0, 0.03), abs=1e-6)
    both = harmonic_mean([(0.0, 0.01), (0.0, 0.01), (0.9, 0.02)])
    assert both == pytest.approx(harmonic_mean([(1e-9, 0.01), (1e-9, 0.01), (0.9, 0.02)]), abs=1e-6)
    assert harmonic_mean([(0.5, None), (0.5, 0.1)]) == (0.5, None)
    assert difference((3.0, None), (1.0, 0.1)) == (2.0, None)


def test_without_a_role_or_a_share_there_is_no_number_and_a_reason():
    found = Harmonic.derive(score(0.1, 0.9), HarmonicConfig())
    assert math.isnan(found.value)
    assert (found.n, found.stderr) == (0, None)
    assert found.parts["unit"] == "H_o of clip_accuracy_top1: no images of synonym prompts"
    scores = Harmonic.derive(score(21.3, 25.7, 24.0), HarmonicConfig())
    assert scores.parts["why"] == "clip_accuracy_top1 is no share from 0 to 1"
    with pytest.raises(KeyError):
        Harmonic.derive({}, HarmonicConfig())


def test_it_is_derived_and_asks_for_the_metric_it_is_made_of():
    assert METRICS.get("harmonic").derived
    assert Harmonic.needs(HarmonicConfig(of="clip_probability")) == ("clip_probability",)
    with pytest.raises(UserError, match=r"harmonic\.form 'object'. Did you mean 'objects'"):
        build_metrics(["harmonic"], metric_configs({"harmonic": {"form": "object"}}))
    with pytest.raises(UserError, match=r"harmonic\.of 'clip_accuracy_top'. Did you mean 'clip_accuracy_top1'"):
        build_metrics(["harmonic"], metric_configs({"harmonic": {"of": "clip_accuracy_top"}}))
    with pytest.raises(UserError, match=r"harmonic\.of 'harmonic'"):
        build_metrics(["harmonic"], metric_configs({"harmonic": {"of": "harmonic"}}))
