"""A tracker's own process: what goes to it, what comes back, and that it can hold nobody up."""

import json
import os
import sys
import textwrap

import psutil
import pytest

from erasepro.tracking.process import TrackerProcess

ECHO = """
    import itertools, sys
    first = sys.stdin.readline()  # it tells nothing before it is told something
    print("parent", sys.argv[1], flush=True)
    for line in itertools.chain([first], sys.stdin):
        print("got", line.strip(), flush=True)
    print("end", file=sys.stderr)
"""
SLEEPER = """
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """Starts a process that runs a program."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def begin(program):
        (tmp_path / "program_of_the_test.py").write_text(textwrap.dedent(program))
        return TrackerProcess("program_of_the_test", tmp_path / "logs" / "process.log")

    return begin


def every(process):
    lines = []
    while (line := process.next_line()) is not None:
        lines.append(line)
    return lines


def first(process):
    """The first thing that it tells."""
    return process._answers.get(timeout=60)


def test_messages_arrive_in_order_and_answers_come_back(begin, tmp_path):
    process = begin(ECHO)
    assert process.next_line() is None
    for number in range(3):
        process.send({"do": number, "odd": tmp_path})
    assert process.close(60)
    parent, *answers = every(process)
    assert parent == f"parent {os.getpid()}"
    assert [json.loads(line.removeprefix("got ")) for line in answers] == [
        {"do": number, "odd": str(tmp_path)} for number in range(3)
    ]
    assert process.status == 0
    assert (tmp_path / "logs" / "process.log").read_text() == "end\n", "what it prints besides is in the log"


def test_a_process_that_ends_early_holds_nobody_up(begin, tmp_path):
    process = begin("raise SystemExit(3)")
    process._process.wait(60)
    for _ in range(100):
        process.send({"do": "x" * 10_000})
    assert process.close(60)
    assert process.status == 3
    assert process.next_line() is None


def test_one_that_does_not_end_is_killed_with_all_that_it_started(begin):
    process = begin(SLEEPER)
    child = psutil.Process(int(first(process)))
    assert process.status is None
    for _ in range(100):
        process.send({"do": "x" * 10_000})  # more than a pipe holds: nobody reads it
    assert not process.close(0.1)
    assert process.status is not None
    psutil.wait_procs([child], timeout=30)  # a killed process is gone when the system has come round to it
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_it_is_in_a_session_of_its_own(begin):
    process = begin(ECHO)
    assert os.getsid(process._process.pid) != os.getsid(0)
    assert process.close(60)
