"""A run's folder: resuming, and writes that are whole or absent."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from erasepro.errors import OutOfSpace, UserError
from erasepro.results import run_folder
from erasepro.results.run_folder import RunFolder
from erasepro.runtime.files import read_json, write_json
from erasepro.runtime.sealed_json import write_sealed


def test_folder_name_is_safe(tmp_path):
    run = RunFolder(tmp_path, "mini/van gogh", "0123456789abcdef")
    assert run.path == tmp_path / "mini_van_gogh-01234567"


def test_stages_resume_and_add_up(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with pytest.raises(RuntimeError), run.locked(), run.stage("edit"):
        raise RuntimeError("power cut")
    assert read_json(run.path / "status.json")["state"] == "failed"
    assert not run.is_done("edit")
    with run.locked(), run.stage("edit") as facts:
        facts["rank"] = 3
    assert run.is_done("edit")
    assert run.facts("edit") == {"rank": 3}
    assert run.records()["edit"]["seconds"] >= 0
    assert run.records()["edit"]["peak_mib"] > 1
    assert not RunFolder(tmp_path, "run", "a" * 8 + "b" * 56).is_done("edit"), "same folder, another signature"
    status = read_json(run.path / "status.json")
    assert (status["state"], status["stages_done"]) == ("done", ["edit"])


def test_done_needs_results_and_every_stage(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.locked():
        for name in run_folder.STAGES:
            assert not run.done
            with run.stage(name):
                pass
    assert not run.done
    write_json(run.path / "results.json", {"version": run_folder.RESULTS_VERSION})
    assert run.done


def refuse(run, work=lambda path: None):
    """A stage that is refused after `work` was done in the run's folder."""
    with run.locked(), run.stage("edit"):
        work(run.path)
        raise UserError("no such device")


def test_a_refusal_leaves_no_folder(tmp_path):
    run = RunFolder(tmp_path / "new" / "outputs", "run", "a" * 64)
    with pytest.raises(UserError, match="no such device"):
        refuse(run, lambda path: (path / "config.yaml").write_text("name: run\n"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OutOfSpace("full"), RuntimeError("power cut")])
def test_a_failure_of_the_machine_leaves_its_folder(tmp_path, error):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with pytest.raises(type(error)), run.locked():
        raise error
    assert read_json(run.path / "status.json")["state"] == "failed"


def test_a_refusal_keeps_work_and_folders_that_were_there(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with pytest.raises(UserError, match="no such device"):
        refuse(run, lambda path: write_json(path / "edit" / "edit.json", {}))
    assert read_json(run.path / "status.json")["state"] == "failed"
    (run.path / "edit" / "edit.json").unlink()
    with pytest.raises(UserError, match="no such device"):
        refuse(run)
    assert read_json(run.path / "status.json")["state"] == "failed", "an earlier command made it"


def test_a_refusal_never_follows_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "status.json").write_text("{}")
    run = RunFolder(tmp_path / "outputs", "run", "a" * 64)
    with pytest.raises(UserError, match="no such device"):
        refuse(run, lambda path: (path / "config.yaml").symlink_to(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "status.json").is_file()


def test_keyboard_interrupt_is_recorded(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with pytest.raises(KeyboardInterrupt), run.locked():
        raise KeyboardInterrupt
    assert read_json(run.path / "status.json")["state"] == "interrupted"
    assert not (run.path / "lock.json").exists()


@pytest.mark.parametrize("state", ["running", "done"])
def test_what_a_process_left_that_was_killed_at_the_end_is_settled(tmp_path, state):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.locked(), run.stage("edit"):
        pass
    usual = sorted(run.path.rglob("*"))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    run.status(state)
    write_json(run.path / "lock.json", {"pid": dead.pid, "host": socket.gethostname(), "since": "?"})
    (run.path / ".tables.txt.123.tmp").touch()
    run.settle()
    assert sorted(run.path.rglob("*")) == usual
    assert read_json(run.path / "status.json")["state"] == "done"


def test_a_run_that_is_held_is_not_settled(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.locked():
        run.settle()
        assert read_json(run.path / "status.json")["state"] == "running"
        assert (run.path / "lock.json").exists()


def test_a_stage_begun_again_is_not_done_until_it_ends(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.stage("edit"):
        pass
    with pytest.raises(RuntimeError), run.stage("edit"):
        raise RuntimeError("power cut")
    assert not run.is_done("edit")


def test_numbers_and_facts_of_the_wrong_kind_count_as_absent(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    write_sealed(run.marker("edit"), {"seconds": "x", "facts": [1]})
    write_sealed(run.path / ".stages" / "images.partial.json", {"seconds": "x"})
    assert run.records()["edit"] == {"seconds": 0.0}
    assert run.facts("edit") == {}
    with run.stage("images", resumes=True):
        pass


@pytest.mark.parametrize("text", ["[1]", '{"a": 1}', "\xff", "", '{"signature": "s", "version": 0}'])
def test_damaged_state_files_count_as_absent(tmp_path, text):
    run = RunFolder(tmp_path, "a", "s" * 64)
    for name in (".stages/edit.json", ".stages/images.partial.json", "results.json", "lock.json"):
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).write_bytes(text.encode("latin-1"))
    assert not run.is_done("edit")
    assert not run.done
    assert run.facts("edit") == {}
    with run.locked(), run.stage("images", resumes=True):
        pass
    assert run.is_done("images")
    assert "images" in run.records()


def test_long_names_are_cut(tmp_path):
    run = RunFolder(tmp_path, "dog " * 500, "s" * 64)
    assert len(run.path.name) < 120
    run.path.mkdir()


def test_a_stage_that_is_mended_keeps_the_seconds_it_took(tmp_path):
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.stage("images", resumes=True):
        pass
    write_sealed(run.marker("images"), read_json(run.marker("images")) | {"seconds": 100.0})
    with run.stage("images", resumes=True):
        pass
    assert run.records()["images"]["seconds"] >= 100
    with run.stage("images"):
        pass
    assert run.records()["images"]["seconds"] < 100


def ended(tmp_path):
    """A run whose stages have all ended."""
    run = RunFolder(tmp_path, "run", "a" * 64)
    with run.locked():
        for name in run_folder.STAGES:
            with run.stage(name) as facts:
                facts["value"] = 0.5
    return run


@pytest.mark.parametrize("harm", [{"seconds": 1e9}, {"facts": {"value": 0.6}}, {"signature": "b" * 64}, {"new": 1}])
def test_a_marker_that_was_changed_counts_as_absent_and_is_told(tmp_path, capsys, harm):
    run = ended(tmp_path)
    run.marker("edit").write_text(json.dumps(read_json(run.marker("edit")) | harm))
    assert not run.is_done("edit")
    assert run.facts("edit") == {}
    assert "edit" not in run.records()
    with run.stage("edit"):
        pass
    line = capsys.readouterr().err
    assert "edit.json' is damaged or was changed by hand" in line
    assert line.endswith("the stage is done again.\n")
    assert run.is_done("edit")


def test_a_marker_without_digest_counts_as_absent(tmp_path, capsys):
    run = ended(tmp_path)
    write_json(run.marker("edit"), {key: value for key, value in read_json(run.marker("edit")).items() if key != "digest"})
    assert not run.is_done("edit")
    with run.stage("edit"):
        pass
    assert "has no digest" in capsys.readouterr().err


@pytest.mark.parametrize("put", [os.mkdir, lambda path: os.symlink(path.name, path)])
def test_a_folder_or_a_loop_in_a_markers_place_is_told(tmp_path, put):
    run = ended(tmp_path)
    run.marker("scores").unlink()
    put(run.marker("scores"))
    with pytest.raises(UserError, match=r"scores.json' is a .* where a file should be: delete or move it"), run.locked():
        pass


def test_a_pipe_in_a_markers_place_is_replaced(tmp_path):
    run = ended(tmp_path)
    run.marker("scores").unlink()
    os.mkfifo(run.marker("scores"))
    assert not run.is_done("scores")
    with run.locked(), run.stage("scores"):
        pass
    assert run.is_done("scores")


def test_a_disk_without_room_leaves_a_reopened_run_done(tmp_path, monkeypatch):
    run = ended(tmp_path)
    before = run.marker("scores").read_bytes()

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "write_sealed", refuse)
        with pytest.raises(OSError, match="No space"), run.reopened(), run.stage("scores"):
            pass
    assert run.marker("scores").read_bytes() == before
    assert [path.name for path in (run.path / ".stages").glob("*kept*")] == []


@pytest.mark.parametrize("again", ["locked", "reopened"])
def test_a_reopened_run_that_was_killed_is_done(tmp_path, again):
    run = ended(tmp_path)
    before = run.marker("scores").read_bytes()
    run.marker("scores").rename(run.path / ".stages" / "scores.kept.json")  # as a kill leaves it
    with getattr(run, again)():
        assert run.marker("scores").read_bytes() == before
    assert [path.name for path in (run.path / ".stages").glob("*kept*")] == []


def test_a_reopened_run_keeps_what_its_stage_wrote(tmp_path):
    run = ended(tmp_path)
    with run.reopened(), run.stage("scores") as facts:
        facts["value"] = 0.75
    assert run.facts("scores") == {"value": 0.75}
    assert [path.name for path in (run.path / ".stages").glob("*kept*")] == []


def test_results_of_another_run_in_a_folder_are_refused(tmp_path):
    run = ended(tmp_path)
    run_folder.check_signature(run.path, run.signature)
    run_folder.check_signature(tmp_path / "handed on alone", run.signature)
    with pytest.raises(UserError, match=r"status\.json in .* is of another run than results\.json"):
        run_folder.check_signature(run.path, "f" * 64)
