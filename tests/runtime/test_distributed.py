"""Work shared by processes: what one alone does, and what two tell each other (over gloo, in processes of their own)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from erasepro.runtime import distributed

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, sys
from erasepro.errors import UserError
from erasepro.runtime import distributed as d

for what in sys.argv[1:]:
    me, done = d.rank(), []
    def work():
        done.append(me)
        if what == "user0" and me == 0 or what == "user1" and me == 1:
            raise UserError("the disk is full")
        if what == "bug0" and me == 0:
            raise KeyError("x")
        return {"by": me}
    try:
        told = d.on_main_process(work) if what in ("first", "user0", "bug0") else d.on_all_processes(work)
    except UserError as error:
        told = [type(error).__name__, str(error)]
    except KeyError:
        told = "KeyError"
    print("told:", json.dumps([me, d.world_size(), d.is_main_process(), done, told]))
"""


def together(*words):
    """What each of two processes prints of each word."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    common = {"PYTHONPATH": str(ROOT), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words], env=os.environ | common | {"RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    lines = [out.splitlines() for out, _ in outputs]
    return [[line.removeprefix("told: ") for line in out if line.startswith("told: ")] for out in lines]


def test_one_process_does_it_all_itself(monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (distributed.rank(), distributed.world_size(), distributed.is_main_process()) == (0, 1, True)
    assert distributed.on_main_process(lambda: "answer") == "answer"
    done = []
    assert distributed.on_all_processes(lambda: done.append(1)) is None
    assert done == [1]
    for share in (distributed.on_main_process, distributed.on_all_processes):
        with pytest.raises(ZeroDivisionError):
            share(lambda: 1 / 0)


def test_a_rank_without_a_second_process_is_the_first(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert distributed.is_main_process()


@pytest.mark.ci_slow
def test_two_processes_share_answers_and_failures():
    expected = {
        "first": ('[0, 2, true, [0], {"by": 0}]', '[1, 2, false, [], {"by": 0}]'),
        "user0": (
            '[0, 2, true, [0], ["UserError", "the disk is full"]]',
            '[1, 2, false, [], ["RemoteRankError", "the disk is full"]]',
        ),
        "bug0": ('[0, 2, true, [0], "KeyError"]', '[1, 2, false, [], ["RemoteRankError", "KeyError: \'x\'"]]'),
        "all": ("[0, 2, true, [0], null]", "[1, 2, false, [1], null]"),
        "user1": (
            '[0, 2, true, [0], ["RemoteRankError", "Process 1: the disk is full"]]',
            '[1, 2, false, [1], ["UserError", "the disk is full"]]',
        ),
    }
    first, second = together(*expected)
    assert dict(zip(expected, zip(first, second, strict=True), strict=True)) == expected
