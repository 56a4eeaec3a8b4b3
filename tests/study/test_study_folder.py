"""A study's folder: its plan, and what is known of its runs."""

import json
from dataclasses import replace

import pytest

from erasepro.errors import UserError
from erasepro.study.outcome import DONE, FAILED, Outcome
from erasepro.study.study_folder import PLAN, StudyFolder, is_study
from tests.study.studies import tiny_plan, tiny_study


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = tiny_plan()
    folder = StudyFolder.create(tmp_path / "s", plan)
    assert folder.plan == plan
    assert StudyFolder(tmp_path / "s").plan == plan
    other = replace(plan, directory="elsewhere", sort="kept", published={"source": "a paper"})  # the same runs
    assert StudyFolder.create(tmp_path / "s", other).plan == other
    assert is_study(tmp_path / "s")
    assert not is_study(tmp_path)


def test_another_study_or_other_files_are_left_alone(tmp_path):
    StudyFolder.create(tmp_path / "s", tiny_plan())
    with pytest.raises(UserError, match=r"holds another study \(tiny\): give another out=FOLDER"):
        StudyFolder.create(tmp_path / "s", tiny_plan(("uce",)))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(UserError, match="holds something else"):
        StudyFolder.create(tmp_path / "full", tiny_plan())


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda text: text[:50], "is damaged"),
        (lambda text: text.replace("solver=uce", "solver=ucee"), "was changed by hand"),
        (lambda text: json.dumps({**{k: v for k, v in json.loads(text).items() if k != "digest"}}), "has no digest"),
    ],
)
def test_a_damaged_plan_is_told(tmp_path, harm, message):
    StudyFolder.create(tmp_path / "s", tiny_plan())
    file = tmp_path / "s" / PLAN
    file.write_text(harm(file.read_text()))
    with pytest.raises(UserError, match=message) as info:
        StudyFolder(tmp_path / "s")
    assert "its runs are kept" in str(info.value)


def test_a_folder_that_holds_none_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no study"):
        StudyFolder(tmp_path)
    with pytest.raises(UserError, match="No folder"):
        StudyFolder(tmp_path / "gone")


def test_what_became_of_a_run(tmp_path):
    folder = tiny_study(tmp_path / "s")
    first, second = folder.plan.cells
    assert folder.outcome(first) is None
    assert not folder.is_settled(first)
    failed = Outcome(FAILED, first.words, error="no room")
    folder.end(first, failed)
    assert folder.outcome(first) == failed
    assert folder.failures() == [(first, failed)]
    assert folder.is_settled(first)
    folder.end(second, Outcome(DONE, second.words, run="../run"))
    assert folder.finished() == [(second, tmp_path / "run")]
    assert not folder.is_settled(second)  # nothing says by which code and files it was made
    StudyFolder(tmp_path / "s").forget_failures()
    assert folder.failures() == []
    assert folder.finished()


def test_an_outcome_of_other_words_or_damaged_is_none(tmp_path):
    folder = tiny_study(tmp_path / "s")
    first = folder.plan.cells[0]
    folder.end(first, Outcome(DONE, ("solver=other",), run="../run"))
    assert folder.outcome(first) is None
    folder.end(first, Outcome(DONE, first.words, run="../run"))
    file = tmp_path / "s" / "runs" / "0001.json"
    file.write_text(file.read_text().replace("../run", "../ran"))
    assert folder.outcome(first) is None
    file.write_text("{")
    assert folder.outcome(first) is None


def test_runs_are_recorded_beside_the_study(tmp_path):
    folder = tiny_study(tmp_path / "s")
    assert folder.relative(tmp_path / "outputs" / "run") == "../outputs/run"
    assert folder.run_folder(Outcome(DONE, (), run="../outputs/run")) == tmp_path / "outputs" / "run"
