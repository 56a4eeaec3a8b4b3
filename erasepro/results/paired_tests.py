"""Paired tests of methods on the same prompts and seeds: a sign-flip test over clusters, and Holm's correction.

Under the hypothesis that two methods are exchangeable, the difference of a cluster is as likely to be d as −d. The test
statistic is the mean difference an image; its distribution comes from flipping the signs of whole clusters, all 2^k ways where
k is small (Fisher's exact test of paired differences; in blocks: Winkler et al., NeuroImage 92, 2014).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from erasepro.results.bootstrap import ENOUGH, RESAMPLES, Estimate, mean_over_clusters, worst_over_clusters
from erasepro.results.clusters import Cluster

EXACT = 16
"""Clusters up to which all 2^k sign flips are counted; beyond, FLIPS random ones."""
FLIPS = 9_999
SEED = 0
CHUNK = 1 << 20
"""Signs that are drawn at a time."""
ROUNDING = 1e-9
"""By how much a statistic may differ from the one observed and count as equal, over its size."""


class SampleKey(NamedTuple):
    """What two methods' samples must have in common to be compared."""

    cluster: Cluster
    seed: int
    drawn: str = ""
    """Prompt, model and sampler, in any form: samples that differ in it are different ones."""


Scored = Mapping[SampleKey, float | None]
"""A method's number of each sample; None: unscored, because the judge abstained or the image failed."""


@dataclass(frozen=True)
class PairedTest:
    """Two methods on the samples that both have.

    Attributes:
        difference: mean of the first method's number less the second's, an image each; NaN where nothing is scored by both. The
            ends of its interval are None where the bootstrap tells nothing (`bootstrap.Estimate`).
        p: two-sided; NaN where nothing is scored by both.
        p_holm: corrected over the family that the test is of; p itself until `correct_family`.
        outer: whether the clusters are concept pairs; else prompts, and nothing is said about other pairs.
        images: samples that both have a number of.
        unscored: samples that both have, and at least one has no number of.
        unmatched: samples that only one of them has.
    """

    difference: Estimate
    p: float
    p_holm: float
    outer: bool
    images: int
    unscored: int
    unmatched: int


class Comparison(NamedTuple):
    """A reference method against each rival, the best rival first."""

    rivals: tuple[str, ...]
    tests: tuple[PairedTest, ...]


def run_paired_test(first: Scored, second: Scored, seed: int = SEED, resamples: int = RESAMPLES) -> PairedTest:
    """Test whether two methods' numbers differ, on the samples that both have.

    Clusters are concept pairs where there are `bootstrap.ENOUGH` of them; below that no test over pairs can reach 5 %, and they
    are prompts.

    Args:
        first, second: the methods' samples.
        seed: of random sign flips and of the bootstrap.
        resamples: of the bootstrap.
    """
    common = [key for key in first if key in second]
    differences: dict[SampleKey, float] = {}
    for key in common:
        a, b = first[key], second[key]
        if a is not None and b is not None:
            differences[key] = a - b
    pairs = {key.cluster.pair for key in differences}
    outer = len(pairs) >= ENOUGH
    by_cluster: dict[Hashable, list[float]] = {}
    for key, difference in differences.items():
        by_cluster.setdefault(key.cluster.pair if outer else key.cluster, []).append(difference)
    p = flip_signs([math.fsum(own) for own in by_cluster.values()], seed)
    return PairedTest(
        difference=mean_over_clusters(by_cluster, resamples=resamples, seed=seed),
        p=p,
        p_holm=p,
        outer=outer,
        images=len(differences),
        unscored=len(common) - len(differences),
        unmatched=len(first) + len(second) - 2 * len(common),
    )


def flip_signs(differences: Sequence[float], seed: int = SEED) -> float:
    """The two-sided p of the hypothesis that each cluster's summed difference is as likely to be of the other sign.

    Exact up to `EXACT` clusters; with random flips (1 + hits) / (1 + flips), which is never 0 (Phipson & Smyth, 2010).

    Args:
        differences: the sum of the differences of each cluster.
        seed: of the random flips.

    Returns:
        0 to 1; NaN without a cluster.
    """
    d = np.asarray(differences, dtype=np.float64)  # (k,)
    k = len(d)
    if not k:
        return math.nan
    least = abs(float(d.sum())) - ROUNDING * float(np.abs(d).sum())
    if k <= EXACT:
        signs = 1 - 2 * ((np.arange(1 << k)[:, None] >> np.arange(k)) & 1)  # (2^k, k)
        return float((np.abs(signs @ d) >= least).mean())
    draw, hits, rows = np.random.default_rng(seed), 0, max(CHUNK // k, 1)
    for start in range(0, FLIPS, rows):
        signs = 1 - 2 * draw.integers(0, 2, (min(rows, FLIPS - start), k))
        hits += int((np.abs(signs @ d) >= least).sum())
    return (1 + hits) / (1 + FLIPS)


def correct_by_holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: the chance of any false rejection in the family stays below the level.

    The i-th smallest of m becomes the largest of (m − j + 1) p_(j) over j ≤ i, at most 1 (Holm, Scandinavian Journal of
    Statistics 6, 1979). NaN stays, and is not of the family.
    """
    order = sorted((place for place, p in enumerate(p_values) if not math.isnan(p)), key=lambda place: p_values[place])
    corrected, largest = list(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min((len(order) - rank) * p_values[place], 1.0))
        corrected[place] = largest
    return corrected


def correct_family(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """The tests of one family with Holm's p."""
    corrected = correct_by_holm([test.p for test in tests])
    return [replace(test, p_holm=p) for test, p in zip(tests, corrected, strict=True)]


def compare_with_rivals(
    methods: Mapping[str, Scored], reference: str, higher_is_better: bool, statistic: str = "mean"
) -> Comparison:
    """Test a method against each other one; which rival is the best is chosen among all, so Holm's family is all of them.

    A rival without a sample in common with the reference is left out.

    Args:
        methods: the samples of each method.
        reference: one of them.
        higher_is_better: of the number.
        statistic: what the best rival is best in: "mean" over its samples in common with the reference, or "worst": the mean of
            its worst concept pair.
    """
    if statistic not in STATISTICS:
        raise ValueError(f"statistic must be one of {', '.join(STATISTICS)}, not {statistic!r}")
    own = methods[reference]
    rivals = {name: scored for name, scored in methods.items() if name != reference and own.keys() & scored.keys()}

    def rank(name: str) -> float:
        value = _statistic({key: rivals[name][key] for key in rivals[name] if key in own}, higher_is_better, statistic)
        return math.inf if math.isnan(value) else -value if higher_is_better else value

    names = sorted(rivals, key=rank)
    return Comparison(tuple(names), tuple(correct_family([run_paired_test(own, rivals[name]) for name in names])))


STATISTICS = ("mean", "worst")


def _statistic(scored: Scored, higher_is_better: bool, statistic: str) -> float:
    by_pair: dict[Hashable, list[float]] = {}
    for key, value in scored.items():
        if value is not None:
            by_pair.setdefault(key.cluster.pair, []).append(value)
    if statistic == "mean":
        return mean_over_clusters(by_pair, resamples=1).value
    return worst_over_clusters(by_pair, higher_is_better, resamples=1).value
