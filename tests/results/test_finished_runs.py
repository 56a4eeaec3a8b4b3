"""Which of several folders count: those that have ended, each once; every other with its reason."""

import json
import shutil

from erasepro.results.finished_runs import read_finished_runs
from tests.report.made_runs import erased, make_run


def test_what_cannot_be_read_is_named_and_a_copy_counts_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "whole", "uce", ("dog", "cat"), erased)
    shutil.copytree("whole", "copy")
    shutil.copytree("whole", "cut off")
    (tmp_path / "cut off" / "results.json").write_text('{"signature": "who')
    shutil.copytree("whole", "changed")
    record = json.loads((tmp_path / "changed" / "results.json").read_text())
    record["values"][0]["value"] = 0.5
    (tmp_path / "changed" / "results.json").write_text(json.dumps(record))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "status.json").write_text('{"state": "running"}')
    (tmp_path / "empty").mkdir()
    shutil.copytree("whole", "swapped")
    (tmp_path / "swapped" / "status.json").write_text('{"state": "done", "signature": "another"}')
    names = ["whole", "whole/", "copy", "cut off", "changed", "begun", "empty", "nowhere", "swapped"]
    finished, problems = read_finished_runs(names)
    assert [run.folder for run in finished] == ["whole"]
    assert finished[0].results.solver_label == "uce"
    reasons = ["same run as 'whole'", "cut off", "changed by hand", "has not ended", "no run's folder", "No folder"]
    reasons += ["another run"]
    assert len(problems) == len(reasons)
    for problem, reason in zip(problems, reasons, strict=True):
        assert reason in str(problem)
