"""``erasepro status``: a line a run, whatever state it is in, and nothing touched."""

import json
import os
import socket

import pytest

from erasepro.cli.main import main
from erasepro.results.run_folder import RunFolder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # a line a run


def run(name, *stages, end=None):
    folder = RunFolder("outputs", name, name[0] * 64)
    try:
        with folder.locked():
            for stage in stages:
                with folder.stage(stage):
                    pass
            if end is not None:
                raise end
    except (ValueError, KeyboardInterrupt):
        pass
    return folder


def rows(capsys, *words):
    assert main(["status", *words]) == 0
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}


def test_every_state_has_its_line(capsys):
    done = run("done", "edit", "originals", "images", "scores")
    failed = run("broken", "edit", end=ValueError("no such thing"))
    stopped = run("stopped", end=KeyboardInterrupt())
    running = run("going")
    running.status("running")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": "now"}
    (running.path / "lock.json").write_text(json.dumps(holder))
    killed = run("killed")
    killed.status("running")
    (killed.path / "lock.json").write_text(json.dumps(holder | {"pid": 2**22 + 1}))
    lines = rows(capsys)
    assert "  done  " in lines[str(done.path)]
    assert "4/4" in lines[str(done.path)]
    assert "  failed  " in lines[str(failed.path)]
    assert "1/4" in lines[str(failed.path)]
    assert "ValueError: no such thing" in lines[str(failed.path)]
    assert "interrupted" in lines[str(stopped.path)]
    assert f"process {os.getpid()} on" in lines[str(running.path)]
    assert "stopped" in lines[str(killed.path)]
    assert "the same command resumes" in lines[str(killed.path)]


def test_one_run_and_a_damaged_one(capsys):
    one, other = run("one"), run("two")
    assert list(rows(capsys, str(one.path))) == [str(one.path)]
    (other.path / "status.json").write_text("{")
    assert "damaged" in rows(capsys, "outputs")[str(other.path)]


def test_a_folder_without_runs_is_one_line(capsys, tmp_path):
    assert main(["status"]) == 2
    assert "No folder 'outputs'" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["status", "empty"]) == 2
    assert "holds no run" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["status.json", "lock.json"])
@pytest.mark.parametrize("put", [os.mkdir, os.mkfifo])
def test_what_is_no_file_hides_no_other_run(capsys, name, put):
    run("done", "edit")
    harmed = run("harmed", "edit")
    (harmed.path / name).unlink(missing_ok=True)
    put(harmed.path / name)
    lines = rows(capsys)
    assert "done" in lines["outputs/done-dddddddd"].split()[1]
    line = lines["outputs/harmed-hhhhhhhh"]
    if put is os.mkdir:
        assert "damaged" in line
        assert "is a folder where a file should be" in line
    elif name == "status.json":
        assert "damaged" in line


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_line_fits_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    name = "erasepro-generation.prompts_per_concept=4-templates.count=20"
    long, short = run(name, "edit", end=ValueError(", ".join(["no such thing"] * 8))), run("done")
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    for folder in (long, short):
        assert [line for line in out.splitlines() if line.split()[0] == str(folder.path)]  # whole, to be pasted
    assert " ".join(out.split()).count("no such thing, no such thing, no such thing") == 2
    assert " ".join(out.split()).count("…") == 1, "a long error is cut, and that is seen"
    assert (len(out.splitlines()) <= 4) == (width == 160)


def test_a_name_too_wide_for_the_table_stands_above_its_facts(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    folder = run("a" * 60, "edit")
    assert main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3:2] == ["run", str(folder.path)]
    assert lines[3].startswith("  ")
    assert lines[3].split()[1] == "1/4"
    assert len(lines) == 4
