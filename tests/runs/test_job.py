"""What a job's signature is made of beside its config."""

import pytest

from erasepro.results.signature import signature
from erasepro.runs.job import make_job
from erasepro.runs.resolve import resolve
from erasepro.solvers import SOLVERS


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
