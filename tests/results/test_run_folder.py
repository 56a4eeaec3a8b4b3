"""A run's folder: resuming, and writes that are whole or absent."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from erasepro.results import run_folder
from erasepro.results.run_folder import RunFolder
from erasepro.runtime.files import read_json, write_json


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
    write_json(run.marker("edit"), {"seconds": "x", "facts": [1]})
    write_json(run.path / ".stages" / "images.partial.json", {"seconds": "x"})
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
    write_json(run.marker("images"), read_json(run.marker("images")) | {"seconds": 100.0})
    with run.stage("images", resumes=True):
        pass
    assert run.records()["images"]["seconds"] >= 100
    with run.stage("images"):
        pass
    assert run.records()["images"]["seconds"] < 100
