"""Intervals by the cluster bootstrap: whole clusters (concept pairs, or prompts) are drawn anew, with all that they hold.

The interval is the expanded percentile interval: that of a bootstrap distribution x* at the shares

    Φ(−√(n/(n − 1)) t)  and  one minus that,        t: Student's quantile at n − 1 degrees of freedom, n clusters

in place of α/2 and 1 − α/2, because the percentile interval of few clusters is too narrow (Hesterberg, The American
Statistician 69, 2015, section 5.3). It never leaves the range of the clusters' own values, so that 95 % need six of them: of n
independent symmetric values the mean lies outside their range with probability 2^(1 − n). What 95 % intervals covered of 3,000
simulated means, in per cent (the plain percentile interval in brackets):

    clusters       4        6        8       10       20
    normal      87 (79)  93 (85)  94 (88)  94 (90)  95 (93)
    exponential 81 (74)  88 (80)  89 (83)  90 (85)  93 (90)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 9_999
SEED = 0
ENOUGH = 6
"""Clusters from which on an interval, and a sign-flip test, can reach 95 %: 2^(1 − 6) = 0.031."""
CHUNK = 1 << 20
"""Numbers that are drawn at a time."""
ROUNDING = 1e-9
"""Spread of a bootstrap distribution, over the size of its values, that is only rounding."""


@dataclass(frozen=True)
class Estimate:
    """A number over clusters and its interval.

    Attributes:
        value: NaN where there is no cluster.
        low, high: ends of the interval; None of fewer than two clusters, and where all clusters are alike: drawing them anew
            tells nothing then, and a standard error over the images must stand in.
        clusters: how many there are.
    """

    value: float
    low: float | None
    high: float | None
    clusters: int


def mean_over_clusters(
    values: Mapping[Hashable, Sequence[float]],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    expanded: bool = True,
) -> Estimate:
    """The mean of all values, with its interval.

    Args:
        values: of each cluster, those that are in it; empty clusters are left out.
        confidence: of the interval, 0 to 1.
        resamples: how often the clusters are drawn anew.
        seed: of the draws; the same gives the same interval.
        expanded: False: the percentile interval as such.
    """
    filled = [list(own) for own in values.values() if len(own)]
    sums = np.array([math.fsum(own) for own in filled], dtype=np.float64)  # (k,)
    counts = np.array([len(own) for own in filled], dtype=np.float64)  # (k,)
    if not filled:
        return Estimate(math.nan, None, None, 0)
    value = math.fsum(sums) / float(counts.sum())

    def mean(draws: np.ndarray) -> np.ndarray:  # (r, k) -> (r,)
        return np.asarray(sums[draws].sum(axis=1) / counts[draws].sum(axis=1))

    drawn = _resample(mean, len(filled), resamples, seed)
    return Estimate(value, *_ends(drawn, len(filled), confidence, expanded), len(filled))


def worst_over_clusters(
    values: Mapping[Hashable, Sequence[float]],
    higher_is_better: bool,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate:
    """The mean of the worst cluster, with its interval.

    A cluster that was not measured may be worse than all that were, and no draw shows one: the end of the interval on the bad
    side is the worst cluster itself, and only the other end says how much hangs on that one cluster.

    Args:
        values: of each cluster, those that are in it; empty clusters are left out.
        higher_is_better: then the lowest mean is the worst, else the highest.
        confidence, resamples, seed: as of `mean_over_clusters`.
    """
    means = np.array([math.fsum(own) / len(own) for own in values.values() if len(own)], dtype=np.float64)
    if not len(means):
        return Estimate(math.nan, None, None, 0)
    worst = np.min if higher_is_better else np.max
    drawn = _resample(lambda draws: np.asarray(worst(means[draws], axis=1)), len(means), resamples, seed)
    return Estimate(float(worst(means)), *_ends(drawn, len(means), confidence, expanded=True), len(means))


def tail_share(clusters: int, confidence: float = CONFIDENCE, expanded: bool = True) -> float:
    """The share of a bootstrap distribution below the interval's lower end, and above the upper one."""
    share = (1 - confidence) / 2
    if not expanded:
        return share
    from scipy.special import ndtr, stdtrit  # here: a second of imports

    t = -float(stdtrit(clusters - 1, share))
    return float(ndtr(-math.sqrt(clusters / (clusters - 1)) * t))


def _resample(statistic: Callable[[np.ndarray], np.ndarray], clusters: int, resamples: int, seed: int) -> np.ndarray:
    """The statistic (resamples,) of clusters drawn with replacement; empty for fewer than two."""
    if clusters < 2:
        return np.empty(0)
    draw, parts, rows = np.random.default_rng(seed), [], max(CHUNK // clusters, 1)
    for start in range(0, resamples, rows):
        parts.append(statistic(draw.integers(0, clusters, (min(rows, resamples - start), clusters))))
    return np.concatenate(parts)


def _ends(drawn: np.ndarray, clusters: int, confidence: float, expanded: bool) -> tuple[float | None, float | None]:
    if not len(drawn) or float(np.ptp(drawn)) <= ROUNDING * max(float(np.abs(drawn).max()), 1e-300):
        return None, None
    share = tail_share(clusters, confidence, expanded)
    low, high = np.quantile(drawn, [share, 1 - share])
    return float(low), float(high)
