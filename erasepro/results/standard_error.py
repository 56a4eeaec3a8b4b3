"""Standard errors: of a mean over images, several of which may be of one prompt, and of a share where none or all are hits."""

from __future__ import annotations

import math
from collections.abc import Hashable


def share_stderr(p: float, n: int) -> float | None:
    """One standard error of a share ``p`` (0 to 1) of ``n`` images; None for fewer than two.

    √(p(1 − p)/(n − 1)). At 0 and 1 that is zero however few the images, as if the share were known for certain. There it is
    Agresti and Coull's at z = 1, the same ±1 standard error: with p̃ = (np + ½)/(n + 1), √(p̃(1 − p̃)/(n + 1)), which is about
    0.7/n (Agresti & Coull, The American Statistician 52, 1998). It joins smoothly: one hit in n gives 1/n.
    """
    if n < 2:
        return None
    if 0 < p < 1:
        return math.sqrt(p * (1 - p) / (n - 1))
    centre = 0.5 / (n + 1)  # at 1 it is as far from the end
    return math.sqrt(centre * (1 - centre) / (n + 1))


ROUNDING = 1e-12
"""Spread of prompts' sums, over that of images, that is only rounding."""


def stderr_of_identical_values(n: int, prompts: int) -> float | None:
    """The standard error of a mean of values that are all the same, which their spread says nothing about.

    It is `share_stderr` of a share of 0 (no value differs) among the independent draws: the prompts where there are several,
    else the images.

    Args:
        n: images.
        prompts: prompts that they were drawn from.

    Returns:
        The standard error, in units of a share; None for fewer than two draws.
    """
    return share_stderr(0.0, prompts if prompts > 1 else n)


def mean_stderr(n: int, mean: float, squares: float, prompts: int, spread: float) -> float:
    """The standard error of a mean of ``n`` values, clustered by prompt (see `PromptSums`).

    Args:
        n: values; two or more.
        mean: their mean.
        squares: their sum of squares.
        prompts: prompts that they are of.
        spread: Σ (S_g − mean · n_g)² over the prompts, with S_g the sum of the n_g values of prompt g.
    """
    if prompts > 1 and spread > ROUNDING * squares:
        return math.sqrt(prompts / (prompts - 1) * spread) / n
    # of one prompt, or every prompt alike, as half of two images each: they tell nothing of how prompts differ
    return math.sqrt(max(squares / n - mean * mean, 0.0) / (n - 1))


class PromptSums:
    """Mean and standard error of one number an image, from sums by prompt.

    Images of one prompt are alike, so that three seeds of 20 prompts are not 60 independent pictures. With sums S_g over the
    n_g images of prompt g, G prompts and n images in all: √(G/(G − 1) Σ (S_g − mean · n_g)²)/n, the cluster-robust error
    of a mean (Liang & Zeger, Biometrika 73, 1986); with one image a prompt it is s/√n. Of a single prompt the seeds are what
    is sampled, and the error is s/√n over its images; so it is where all prompts have the same mean though images differ.
    """

    def __init__(self) -> None:
        self.n, self.total, self._squares = 0, 0.0, 0.0
        self._prompts: dict[Hashable, list[float]] = {}  # by cluster: [n_g, S_g]

    def add(self, prompt: Hashable, value: float) -> None:
        """Count the number of one image of a prompt (``clusters.cluster_of``)."""
        self.n += 1
        self.total += value
        self._squares += value * value
        sums = self._prompts.setdefault(prompt, [0, 0.0])
        sums[0] += 1
        sums[1] += value

    @property
    def mean(self) -> float:
        """The mean over all images; NaN without any."""
        return self.total / self.n if self.n else math.nan

    def stderr(self, share: bool = False) -> float | None:
        """The standard error of `mean`; None for fewer than two images.

        Args:
            share: the values are 0 or 1, so that where all are the same `stderr_of_identical_values` stands in.
        """
        if self.n < 2:
            return None
        mean = self.mean
        if share and mean in (0, 1):
            return self.stderr_of_identical_values()
        spread = sum((total - mean * n) ** 2 for n, total in self._prompts.values())
        return mean_stderr(self.n, mean, self._squares, len(self._prompts), spread)

    def stderr_of_identical_values(self) -> float | None:
        """The standard error where the values of all images are the same (the function of this name)."""
        return stderr_of_identical_values(self.n, len(self._prompts))
