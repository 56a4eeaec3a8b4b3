"""What a job's signature is made of beside its config."""

from collections import Counter

import pytest

from erasepro.errors import UserError
from erasepro.prompts.templates.bank import PHRASINGS
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


@pytest.mark.parametrize("concepts", ["mini/pair_dog", "mini/instance_5"])
def test_a_quick_look_has_six_pictures_of_the_targets_in_every_wording(concepts):
    rows = make_job(resolve(["generation=quick", f"concepts={concepts}", "solver=uce"])).worklist
    counts = Counter(row.phrasing for row in rows if row.role == "target")
    assert set(counts) == set(PHRASINGS)
    assert min(counts.values()) >= 6
    assert len(rows) <= 36 * (1 if concepts.endswith("dog") else 3)


def test_the_same_rows_are_the_same_run_however_they_were_asked_for():
    words = ["debug=tiny", "solver=uce", "generation.prompts_per_concept=2"]
    runs = [make_job(resolve([*words, *more])).folder.path for more in ([], ["generation.target_prompts=2"])]
    assert runs[0] == runs[1]


def test_a_run_s_folder_and_heading_name_the_preset_and_what_was_changed_in_it():
    job = make_job(resolve(["debug=tiny", "solver=uce_best", "solver.ridge=7"]))
    assert job.method == "uce_best ridge=7.0"
    assert job.folder.path.name.startswith("tiny-mini-instance-1-uce_best+ridge_7.0-")
    same = make_job(resolve(["debug=tiny", "solver=uce_best", "solver.ridge=7.0", "solver.token_policy=subject_to_end"]))
    assert same.folder.path == job.folder.path, "the same settings, the same run"
