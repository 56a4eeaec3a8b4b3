"""A sweep's jobs, listed as Hydra runs them."""

import pytest

from erasepro.config.sweep_jobs import sweep_jobs
from erasepro.errors import UserError


def test_every_combination_is_a_job_the_last_value_fastest():
    assert sweep_jobs(["solver=uce,oce", "seed=range(0,2)", "debug=tiny", "hydra/launcher=basic"]) == [
        ["solver=uce", "seed=0", "debug=tiny"],
        ["solver=uce", "seed=1", "debug=tiny"],
        ["solver=oce", "seed=0", "debug=tiny"],
        ["solver=oce", "seed=1", "debug=tiny"],
    ]


def test_lists_and_quotes_stay_as_they_are():
    jobs = sweep_jobs(["concepts.pairs=[[dog,cat]],[['a b',c]]"])
    assert jobs == [["concepts.pairs=[[dog,cat]]"], ["concepts.pairs=[['a b',c]]"]]
    assert sweep_jobs(["seed=1"]) == [["seed=1"]]


def test_a_pattern_is_the_options_that_it_matches():
    jobs = sweep_jobs(["solver=glob(speed_*)"])
    assert jobs == [["solver=speed_best"], ["solver=speed_many"], ["solver=speed_nudity"]]


def test_no_job_is_told():
    with pytest.raises(UserError, match=r"see `erasepro ls solvers`"):
        sweep_jobs(["solver=glob(zzz*)"])
