"""The paired test against scipy's, its type-I error by simulation, and what it leaves out."""

import math

import numpy as np
import pytest
from scipy import stats

from erasepro.results.clusters import Cluster
from erasepro.results.paired_tests import (
    SampleKey,
    compare_with_rivals,
    correct_by_holm,
    flip_signs,
    run_paired_test,
)


def key(pair=0, prompt=0, seed=0, drawn=""):
    return SampleKey(Cluster(f"pair {pair}", f"prompt {prompt}"), seed, drawn)


def samples(values):
    """One image a pair."""
    return {key(pair): float(value) for pair, value in enumerate(values)}


@pytest.mark.parametrize("k", [5, 8, 12])
def test_without_clusters_it_is_scipy_s_exact_permutation_test_of_paired_samples(k):
    rng = np.random.default_rng(k)
    first, second = rng.normal(0.6, size=k), rng.normal(size=k)
    expected = stats.permutation_test(
        (first, second), lambda a, b, axis: (a - b).mean(axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
    ).pvalue
    assert flip_signs(first - second) == pytest.approx(expected, rel=1e-12)
    found = run_paired_test(samples(first), samples(second))
    assert found.p == pytest.approx(expected, rel=1e-12)
    assert found.difference.value == pytest.approx((first - second).mean(), rel=1e-12)


def test_random_flips_come_near_to_the_exact_p():
    d = np.random.default_rng(2).normal(0.3, size=40)
    expected = stats.permutation_test(
        (d,), lambda a, axis: a.mean(axis), permutation_type="samples", n_resamples=50_000, vectorized=True,
        random_state=np.random.default_rng(1),
    ).pvalue  # fmt: skip
    assert flip_signs(d) == pytest.approx(expected, abs=0.01)
    assert flip_signs(d) == flip_signs(d)
    assert flip_signs(np.full(40, 1.0)) == pytest.approx(1e-4)


def test_the_extremes():
    assert flip_signs([1.0] * 6) == 2 / 64
    assert flip_signs([0.0] * 6) == 1.0
    assert flip_signs([0.1, 0.2, -0.3]) == 1.0, "a sum of 0 up to rounding"
    assert flip_signs([3.0]) == 1.0, "one cluster tells nothing"
    assert math.isnan(flip_signs([]))


@pytest.mark.parametrize(("pairs", "level"), [(8, "pairs"), (3, "prompts")])
def test_the_type_one_error_is_as_stated_though_images_of_a_cluster_are_alike(pairs, level):
    """Methods that do not differ: what a cluster adds to the difference is as likely to be up as down."""
    rng = np.random.default_rng(7)
    trials, rejected, naive = 500, 0, 0
    for _ in range(trials):
        shape = (pairs, 1, 1) if level == "pairs" else (pairs, 4, 1)
        difference = rng.normal(size=shape) + 0.5 * rng.normal(size=(pairs, 4, 3))
        first = {key(p, q, s): float(difference[p, q, s]) for p in range(pairs) for q in range(4) for s in range(3)}
        found = run_paired_test(first, dict.fromkeys(first, 0.0), resamples=9)
        assert found.outer == (level == "pairs")
        rejected += found.p <= 0.05
        naive += stats.ttest_1samp(difference.ravel(), 0).pvalue <= 0.05
    assert rejected / trials == pytest.approx(0.05, abs=0.025)
    assert naive / trials > 0.15


def test_it_has_power():
    rng = np.random.default_rng(8)
    assert np.mean([flip_signs(rng.normal(1.2, size=10)) <= 0.05 for _ in range(100)]) > 0.8


def test_samples_are_matched_and_what_is_left_out_is_counted():
    first = {key(0, 0): 1.0, key(0, 1): None, key(0, 2): 0.0, key(0, 3): 1.0, key(0, 4, drawn="9 steps"): 1.0}
    second = {key(0, 0): 0.0, key(0, 1): 0.0, key(0, 2): None, key(0, 3): 0.0, key(0, 4): 1.0, key(1, 0): 1.0}
    found = run_paired_test(first, second)
    assert (found.images, found.unscored, found.unmatched) == (2, 2, 3)
    assert (found.difference.value, found.difference.clusters, found.outer) == (1.0, 2, False)
    nothing = run_paired_test({key(0): None}, {key(0): None})
    assert math.isnan(nothing.p)
    assert nothing.unscored == 1


def test_an_unscored_sample_is_never_a_zero():
    scored = samples([1.0] * 8)
    assert run_paired_test(scored, {**scored, key(3): None}).difference.value == 0.0


def test_seeds_of_a_prompt_count_as_one_cluster():
    first = {key(0, prompt, seed): 1.0 for prompt in range(5) for seed in range(4)}
    found = run_paired_test(first, dict.fromkeys(first, 0.0))
    assert (found.difference.clusters, found.images, found.p) == (5, 20, 2 / 2**5)


def test_holm_by_hand():
    assert correct_by_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_by_holm([0.4, 0.9]) == [0.8, 0.9]
    assert correct_by_holm([0.6, 0.7]) == [1.0, 1.0]
    assert correct_by_holm([0.01, math.nan, 0.03])[::2] == pytest.approx([0.02, 0.03])
    assert correct_by_holm([]) == []


def test_the_best_rival_comes_first_by_the_mean_or_by_the_worst_pair():
    methods = {
        "own": samples([0.0] * 8),
        "even": samples([0.3] * 8),
        "uneven": samples([0.0] * 7 + [1.0]),
        "other prompts": {key(99): 0.0},
    }
    mean = compare_with_rivals(methods, "own", higher_is_better=False)
    assert mean.rivals == ("uneven", "even"), "no sample in common: no rival"
    assert compare_with_rivals(methods, "own", False, "worst").rivals == ("even", "uneven")
    assert compare_with_rivals(methods, "own", True).rivals == ("even", "uneven")
    assert mean.tests[1].p == 2 / 2**8
    assert mean.tests[1].p_holm == 4 / 2**8
    with pytest.raises(ValueError, match="mean, worst"):
        compare_with_rivals(methods, "own", True, "median")


def test_the_family_wise_error_over_rivals_is_as_stated():
    rng = np.random.default_rng(9)
    trials, rejected, uncorrected = 400, 0, 0
    for _ in range(trials):
        own, *rivals = rng.normal(size=(4, 8))
        p = [flip_signs(own - rival) for rival in rivals]
        rejected += min(correct_by_holm(p)) <= 0.05
        uncorrected += min(p) <= 0.05
    assert rejected / trials <= 0.06
    assert uncorrected / trials > 0.07
