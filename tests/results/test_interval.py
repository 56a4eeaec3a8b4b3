"""± never passes the end of what a number can be: an interval takes its place."""

import math

import pytest

from erasepro.results.interval import SHARE, UNBOUNDED, independent_draws, interval, wilson
from erasepro.results.standard_error import share_stderr


@pytest.mark.parametrize(("p", "n"), [(0.0, 1), (0.0, 6), (1.0, 8), (0.5, 4), (0.98, 50)])
def test_wilsons_interval_holds_every_share_one_standard_error_away(p, n):
    low, high = wilson(p, n)
    assert 0 <= low <= p <= high <= 1
    for end in {low, high} - {0.0, 1.0}:  # |p − end| is one standard error of a share that is the end
        assert abs(p - end) == pytest.approx(math.sqrt(end * (1 - end) / n))


@pytest.mark.parametrize("n", [2, 3, 8, 100, 5000])
@pytest.mark.parametrize("p", [0.0, 1.0, 0.5])
def test_a_standard_error_says_of_how_many_draws_it_is(p, n):
    assert independent_draws(p, share_stderr(p, n)) == pytest.approx(n)


def test_images_of_one_prompt_are_fewer_draws_than_images():
    of_prompts = interval(1.0, 24, share_stderr(1.0, 8), SHARE)
    assert of_prompts == pytest.approx(wilson(1.0, 8))


def test_an_interval_comes_only_where_the_error_passes_an_end():
    assert interval(0.5, 100, 0.05, SHARE) is None
    assert interval(0.98, 50, 0.02, SHARE) is None
    low, high = interval(0.98, 50, 0.03, SHARE)
    assert 0.9 < low < 0.98 < high < 1
    assert interval(1.0, 8, 0.076, (0, None)) is None, "a ratio may be above 1"
    assert interval(0.02, 8, 0.05, (0, None)) == (0, 0.07)
    assert interval(-0.01, 8, 0.05, UNBOUNDED) is None
    assert interval(math.nan, 0, None, SHARE) is None


def test_a_single_picture_has_an_interval_too():
    assert interval(0.0, 1, None, SHARE) == pytest.approx((0, 0.5))
    assert interval(9.7, 8, None, (0, None)) is None
