"""What a job's signature is made of beside its config."""

import pytest

from erasepro.errors import UserError
from erasepro.results.signature import signature
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.solvers import SOLVERS, memory


@pytest.fixture
def job():
    return lambda solver="uce": make_job(resolve(["debug=tiny", f"solver={solver}"]))


def test_the_solvers_version_and_source_are_entries_of_their_own(job, monkeypatch):
    first = job()
    monkeypatch.setattr(SOLVERS.get("uce"), "version", 2)
    second = job()
    assert second.folder.signature != first.folder.signature
    assert {key for key in first.hashes if first.hashes[key] != second.hashes[key]} == {"solver_version"}
    signed = {key: value for key, value in first.hashes.items() if key != "judge"}
    assert signature(first.stored, signed) == first.folder.signature
    assert signature(first.stored, signed | {"solver_source": "other"}) != first.folder.signature


def test_two_presets_of_a_solver_have_one_source(job):
    assert job("uce").hashes["solver_source"] == job("uce_best").hashes["solver_source"]
    assert job("uce").hashes["solver_source"] != job("rece").hashes["solver_source"]


def test_a_solve_that_does_not_fit_is_refused_before_there_is_a_folder(job, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert job("erasepro").memory_line == ""
    monkeypatch.setattr(memory, "LARGE", 1)
    assert job("erasepro").memory_line.startswith("Memory: about 0.0 GiB for the columns of ")
    monkeypatch.setattr(memory, "memory_limit", lambda: 1000)
    with pytest.raises(UserError, match=r"The solve for 1 pair \(\d+ sentences\) needs about"):
        job("erasepro")
    assert list(tmp_path.iterdir()) == []
