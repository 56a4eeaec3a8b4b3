"""Jobs are counted before any is begun, without listing them."""

import pytest

from erasepro.config.paths import options
from erasepro.config.sweep_size import MOST_JOBS, count_jobs
from erasepro.errors import UserError


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["debug=tiny"], 1),
        (["solver=erasepro,uce", "seed=choice(1,2,3)"], 6),
        (["seed=range(0,5,2)"], 3),
        (["seed=range(3)"], 3),
        (["seed=range(5,0,-2)"], 3),
        (["solver.ridge=range(0.5,2.1,0.5)"], 4),
        (["concepts=glob(mini/pair_*)"], len([name for name in options("concepts") if name.startswith("mini/pair_")])),
        ([f"seed=range(0,{MOST_JOBS})"], MOST_JOBS),
    ],
)
def test_the_number_is_the_product(words, number):
    assert count_jobs(words) == number


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("seed=range(0,0)", r"'seed=range\(0,0\)' gives no value, so there is no job to run: write range\(start,stop,step\)"),
        ("seed=range(3,1)", r"gives no value, so there is no job to run"),
        ("concepts=glob(zzz*)", r"'concepts=glob\(zzz\*\)' gives no value.*: no option of concepts has such a name"),
        ("seed=glob(*)", r"seed is no group with options, and glob\(…\) goes over those only"),
        ("seed=range(0,1,1e-9)", r"has 1,000,000,000 jobs, 1,000,000,000 of them by 'seed=range\(0,1,1e-9\)': at most 10,000"),
        ("seed=range(0,5,0)", r"has no end: write range\(start,stop,step\)"),
        ("seed=range(0,inf)", r"has no end"),
        ("seed=interval(0,1)", r"for sweepers that search: write the values"),
    ],
)
def test_none_and_no_end_are_refused(word, line):
    with pytest.raises(UserError, match=line):
        count_jobs(["solver=erasepro,uce" if "1e-9" not in word else "debug=tiny", word])
