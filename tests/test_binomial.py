"""A share's standard error, against scipy's Wilson interval and against what a share really varies by."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from erasepro.binomial import share_stderr


@pytest.mark.parametrize("n", [2, 5, 60, 1000])
def test_at_none_and_all_it_is_agresti_and_coull_s_about_wilson_s_centre(n):
    interval = binomtest(0, n).proportion_ci(confidence_level=norm.cdf(1) - norm.cdf(-1), method="wilson")  # z = 1
    centre = (interval.low + interval.high) / 2
    assert share_stderr(0.0, n) == pytest.approx(math.sqrt(centre * (1 - centre) / (n + 1)))
    assert share_stderr(1.0, n) == pytest.approx(share_stderr(0.0, n))
    assert 0 < share_stderr(0.0, n) < share_stderr(1 / n, n)


def test_in_between_it_is_the_unbiased_one():
    hits = np.array([1, 0, 0, 1, 0, 0, 0])
    assert share_stderr(hits.mean(), 7) == pytest.approx(hits.std(ddof=1) / math.sqrt(7))


def test_one_image_has_none():
    assert share_stderr(1.0, 1) is None
    assert share_stderr(0.0, 0) is None
