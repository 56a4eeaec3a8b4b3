"""What a page says of a study: tables, failures, what is left, and each run's command and hashes."""

import shlex

from erasepro.study.outcome import FAILED, Outcome
from erasepro.study.page_content import runs_page, study_page
from erasepro.study.study_folder import StudyFolder
from erasepro.study.workers import Worker
from tests.report.made_runs import erased, kept, make_run
from tests.study.studies import tiny_plan


def test_a_study_that_is_half_done_says_what_failed_and_what_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = tiny_plan(("uce", "oce", "rece"), directory=str(tmp_path))
    folder = StudyFolder.create(tmp_path / "study", plan)
    failed = plan.cells[1]
    folder.end(failed, Outcome(FAILED, failed.words, error="<b>no disk</b>"))
    Worker(folder, False, lambda line: None).make_only(1)
    content = study_page(StudyFolder(tmp_path / "study"), 4)
    assert content.title == "Study tiny"
    assert content.command == ""  # it is no study of this name
    assert "Failed: solver=oce, seed=0: <b>no disk</b>" in content.notes
    assert "1 of 3 runs are not made yet." in content.notes
    (run,) = content.runs
    assert run.command == " ".join(["erasepro", *map(shlex.quote, plan.cells[0].words)])
    assert {"hash of weights", "hash of edit", "signature", "protocol"} <= run.facts.keys()
    assert "solver:" in run.config
    assert [group.title for group in content.groups] == ["dog → cat"]
    assert len(content.groups[0].rows) == 3


def test_a_page_of_runs_without_pictures_has_their_tables_and_says_so(tmp_path):
    from erasepro.results.finished_runs import read_finished_runs

    folders = [make_run(tmp_path / name, name, ("dog", "cat"), names) for name, names in (("uce", kept), ("oce", erased))]
    finished, _ = read_finished_runs(map(str, folders))
    content = runs_page(finished, 4)
    assert content.title == "2 runs"
    assert any("Paired tests" in table.title for table in content.tables)
    assert content.groups == []
    assert len(content.notes) == 2
    alone = runs_page(finished[:1], 4)
    assert alone.title == "uce"
    assert alone.tables
