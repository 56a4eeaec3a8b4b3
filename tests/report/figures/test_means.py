import math

import pytest

from erasepro.report.figures.means import NOTHING, bar, left_out, mean_share, names_of, text_of
from erasepro.results.interval import SHARE, UNBOUNDED, wilson
from erasepro.results.recognition import Share
from tests.report.figures.records import record


def test_a_mean_leaves_out_what_is_no_number_and_has_an_error_where_each_has():
    mean = mean_share([Share(0.2, 4, 0.3), NOTHING, Share(0.6, 6, 0.4)])
    assert (mean.value, mean.n, mean.stderr) == (pytest.approx(0.4), 10, pytest.approx(0.25))
    assert mean_share([Share(0.2, 4, 0.3), Share(0.6, 6, None)]).stderr is None
    assert math.isnan(mean_share([NOTHING]).value)
    assert math.isnan(mean_share([]).value)


def test_a_bar_ends_where_the_number_does():
    assert bar(Share(0.5, 20, 0.1), SHARE) == (0.1, 0.1)
    low, high = bar(Share(0.0, 20, 0.034), SHARE)
    assert low == 0.0
    assert 0.01 < high < 0.2
    assert bar(Share(1.0, 1, None), SHARE) == (pytest.approx(1 - wilson(1.0, 1)[0]), 0.0)
    assert bar(Share(-3.0, 5, 2.0), UNBOUNDED) == (2.0, 2.0)
    assert bar(NOTHING, SHARE) == (0.0, 0.0)


def test_numbers_and_runs_in_words():
    assert text_of(Share(0.25, 4, 0.1)) == "0.250±0.100"
    assert text_of(Share(0.25, 4, None)) == "0.250"
    assert text_of(NOTHING) == "–"
    runs = [record(name=name) for name in "abcde"]
    assert names_of(runs) == "a, b, c and 2 more"
    assert left_out(runs, runs[:4]).endswith("numbers: e.")
    assert left_out(runs, runs) == ""
