"""A lock's file: who holds it, and from whom it is taken over."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from erasepro.errors import UserError
from erasepro.runtime.lock import Lock, started


def holder_of(path):
    """The process number that a lock's file names."""
    return json.loads(path.read_text())["pid"]


def test_second_process_is_told_who_holds_the_lock(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        path = tmp_path / "lock.json"
        with Lock(path):
            held = json.loads(path.read_text())
        path.write_text(json.dumps(held | {"pid": holder.pid, "started": started(holder.pid)}))
        with pytest.raises(UserError, match=f"held by process {holder.pid} on {held['host']} since"), Lock(path):
            pass
    finally:
        holder.communicate(b"\n")
    with Lock(path):  # now it is dead: taken over
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()


def test_reused_process_number_is_not_the_holder(tmp_path):
    path = tmp_path / "lock.json"
    with Lock(path):
        held = json.loads(path.read_text())
    if held["started"] is None:
        pytest.skip("needs /proc")
    path.write_text(json.dumps(held | {"started": "1"}))
    with Lock(path):
        assert holder_of(path) == os.getpid()
        assert json.loads(path.read_text())["started"] == held["started"]
    assert not path.exists()


def test_another_host_is_taken_at_its_word(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "then"}))
    with pytest.raises(UserError, match="on elsewhere since then"), Lock(path):
        pass
    assert json.loads(path.read_text()) == {"pid": 1, "host": "elsewhere", "since": "then"}, "it is left alone"


def test_broken_lock_file_is_taken_over(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text("{")
    with Lock(path):
        assert holder_of(path) == os.getpid()
    assert not path.exists()


@pytest.mark.parametrize("pid", ["x", None, -1, 0, 10**30])
def test_a_lock_without_a_process_number_is_taken_over(tmp_path, pid):
    path = tmp_path / "lock.json"
    with Lock(path):
        held = json.loads(path.read_text())
    path.write_text(json.dumps(held | {"pid": pid}))
    with Lock(path):
        assert holder_of(path) == os.getpid()
    assert not path.exists()
