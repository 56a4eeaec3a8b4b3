"""A share's standard error, against scipy's Wilson interval and against what a share really varies by."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from erasepro.results.standard_error import PromptSums, share_stderr


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


def sums(values, prompts):
    found = PromptSums()
    for value, prompt in zip(values, prompts, strict=True):
        found.add(str(prompt), float(value))
    return found


def test_one_image_a_prompt_is_the_textbook_one_and_so_is_a_single_prompt():
    values = np.random.default_rng(0).normal(size=30)
    expected = values.std(ddof=1) / math.sqrt(30)
    for prompts in (range(30), [0] * 30):
        found = sums(values, prompts)
        assert (found.mean, found.stderr()) == (pytest.approx(values.mean()), pytest.approx(expected))


def test_images_that_repeat_their_prompts_say_no_more_than_one_each():
    values = np.random.default_rng(1).normal(size=20)
    thrice = sums(np.repeat(values, 3), np.repeat(range(20), 3))
    assert thrice.stderr() == pytest.approx(values.std(ddof=1) / math.sqrt(20))
    assert sums([1] * 60, np.repeat(range(20), 3)).stderr(share=True) == share_stderr(1.0, 20)
    assert sums([0, 1] * 9, np.repeat(range(9), 2)).stderr(share=True) == share_stderr(0.5, 18)


def test_where_all_prompts_have_one_mean_their_images_differ():
    values = [0.3, 0.1, 0.2] * 7
    found = sums(values, np.repeat(range(7), 3))
    assert found.stderr() == pytest.approx(np.std(values, ddof=1) / math.sqrt(21))
    assert sums([0.1] * 21, np.repeat(range(7), 3)).stderr() == pytest.approx(0, abs=1e-9)


def test_over_prompts_it_is_what_a_mean_really_varies_by():
    rng = np.random.default_rng(2)
    means, told = [], []
    for _ in range(400):
        values = np.repeat(rng.normal(size=25), 3) + 0.5 * rng.normal(size=75)
        found = sums(values, np.repeat(range(25), 3))
        means.append(found.mean)
        told.append(found.stderr())
    assert np.mean(told) == pytest.approx(np.std(means), rel=0.1)
