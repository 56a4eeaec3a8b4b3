"""The cluster bootstrap against scipy's, and the coverage of its intervals by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from erasepro.results.bootstrap import mean_over_clusters, tail_share, worst_over_clusters


def alone(values):
    return {place: [float(value)] for place, value in enumerate(values)}


def test_of_values_alone_the_percentile_interval_is_scipy_s():
    values = np.random.default_rng(5).gamma(2.0, size=12)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=999, method="percentile", random_state=np.random.default_rng(3)
    ).confidence_interval
    estimate = mean_over_clusters(alone(values), resamples=999, seed=3, expanded=False)
    assert estimate.value == pytest.approx(values.mean(), rel=1e-12)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected), rel=1e-12)


def test_the_expanded_shares_are_those_of_student_s_t():
    t = stats.t.ppf(0.975, 5)
    assert tail_share(6) == pytest.approx(stats.norm.cdf(-math.sqrt(6 / 5) * t), rel=1e-9)
    assert tail_share(10_000) == pytest.approx(0.025, rel=1e-2)
    assert tail_share(6, expanded=False) == pytest.approx(0.025)


def test_the_mean_is_over_all_values_and_clusters_are_drawn_whole():
    values = {"a": [0.0, 0.0, 0.0], "b": [1.0]}
    estimate = mean_over_clusters(values)
    assert (estimate.value, estimate.clusters) == (0.25, 2)
    assert (estimate.low, estimate.high) == (0.0, 1.0), "of two clusters the interval is their range"
    assert mean_over_clusters({**values, "none": []}) == estimate


def test_repeated_images_of_a_cluster_tell_no_more_than_one():
    values = np.random.default_rng(1).normal(size=9)
    once, thrice = mean_over_clusters(alone(values)), mean_over_clusters({i: [v] * 3 for i, v in enumerate(values)})
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high), rel=1e-12)


def test_the_same_seed_gives_the_same_interval():
    values = alone(np.random.default_rng(1).normal(size=9))
    assert mean_over_clusters(values, seed=4) == mean_over_clusters(values, seed=4)
    assert mean_over_clusters(values, seed=4) != mean_over_clusters(values, seed=5)


@pytest.mark.parametrize("values", [{}, {"a": [0.5, 1.0]}, {"a": [0.1], "b": [0.1, 0.1], "c": [0.1]}])
def test_where_drawing_anew_tells_nothing_there_is_no_interval(values):
    for estimate in (mean_over_clusters(values), worst_over_clusters(values, True)):
        assert (estimate.low, estimate.high) == (None, None)
        assert estimate.clusters == len(values)
        assert math.isnan(estimate.value) == (not values)


def test_the_worst_cluster_is_an_end_of_its_interval():
    values = {place: [value] for place, value in enumerate([0.1, 0.2, 0.3, 0.9, 0.0, 0.1, 0.2])}
    highest, lowest = worst_over_clusters(values, False), worst_over_clusters(values, True)
    assert (highest.value, highest.high) == (0.9, 0.9)
    assert 0.1 <= highest.low < 0.9
    assert (lowest.value, lowest.low) == (0.0, 0.0)
    assert 0 < lowest.high <= 0.3


@pytest.mark.parametrize(("clusters", "skewed", "share"), [(6, False, 0.93), (10, False, 0.94), (20, True, 0.93)])
def test_the_interval_covers_the_mean_as_often_as_it_says(clusters, skewed, share):
    """Of 3,000 simulated means the module's docstring has the shares. An interval over images alone covers far less."""
    rng = np.random.default_rng(11)
    covered, naive, trials = 0, 0, 600
    for _ in range(trials):
        own = rng.exponential(size=clusters) - 1 if skewed else rng.normal(size=clusters)
        images = own[:, None] + 0.5 * rng.normal(size=(clusters, 4))
        estimate = mean_over_clusters(dict(enumerate(images.tolist())), resamples=999)
        covered += estimate.low <= 0 <= estimate.high
        low, high = stats.t.interval(0.95, images.size - 1, images.mean(), stats.sem(images, axis=None))
        naive += low <= 0 <= high
    assert covered / trials == pytest.approx(share, abs=0.03)
    assert naive / trials < 0.80
