"""Work claimed by many processes: one has it, the dead are outdone, who was replaced can see it."""

import json
import os
import subprocess
import sys

import pytest

from erasepro.runtime import lease as lease_module
from erasepro.runtime.heartbeat import SILENT_SECONDS
from erasepro.runtime.lease import Lease
from erasepro.runtime.lock import HeldError, Lock, describe_self

CLAIM_ALL = """
import sys
from pathlib import Path
from erasepro.runtime.lease import Lease
folder = Path(sys.argv[1])
input()  # all begin at once
for number in range(60):
    lease = Lease(folder / "claims", f"{number:04d}")
    if not (folder / f"{number}.done").exists() and lease.take():
        if not (folder / f"{number}.done").exists():
            with (folder / f"{number}.by").open("a") as file:
                file.write("x")
            (folder / f"{number}.done").write_text("")
        lease.release()
"""


def put(folder, generation, silent=0.0, **holder):
    """A claim of somebody else."""
    folder.mkdir(exist_ok=True)
    path = folder / f"0001.{generation}"
    path.write_text(json.dumps({**describe_self(), **holder}))
    now = path.stat().st_mtime
    os.utime(path, (now - silent, now - silent))
    return path


def test_one_has_it_until_it_is_let_go(tmp_path):
    first, second = Lease(tmp_path, "0001"), Lease(tmp_path, "0001")
    assert first.take()
    assert first.is_own
    assert not second.take()
    assert second.holder()["pid"] == os.getpid()
    second.release()  # not its own: nothing happens
    assert first.is_own
    first.release()
    assert os.listdir(tmp_path) == []
    assert first.holder() is None
    assert second.take()
    second.release()


def test_work_whose_name_begins_alike_is_other_work(tmp_path):
    first, second = Lease(tmp_path, "0001"), Lease(tmp_path, "0001.1")
    assert first.take()
    assert second.take()
    first.release()
    assert second.is_own
    second.release()


@pytest.mark.parametrize(
    ("holder", "silent", "taken"),
    [
        ({"pid": 2**22 + 1}, 0, True),  # a dead process of this machine
        ({"host": "elsewhere"}, 0, False),
        ({"host": "elsewhere"}, SILENT_SECONDS + 5, True),
        ({"host": "elsewhere", "beats": False}, SILENT_SECONDS + 5, False),  # it does not say that it would be heard
        ({}, SILENT_SECONDS + 5, False),  # this machine's, alive: stopped, or at a long step
        ({"pid": "x"}, 0, False),  # being written, or damaged: for a while
        ({"pid": "x"}, SILENT_SECONDS + 5, True),
    ],
)
def test_from_whom_work_is_taken_over(tmp_path, holder, silent, taken):
    path = put(tmp_path, 3, silent, **holder)
    lease = Lease(tmp_path, "0001")
    assert lease.take() is taken
    assert path.exists()  # outdone, not removed
    if taken:
        assert sorted(os.listdir(tmp_path)) == ["0001.3", "0001.4"]
        lease.release()
        assert os.listdir(tmp_path) == []


def test_who_slept_through_its_replacement_sees_it(tmp_path):
    slept = Lease(tmp_path, "0001")
    assert slept.take()
    put(tmp_path, 2)
    assert not slept.is_own
    slept.release()
    assert os.listdir(tmp_path) == ["0001.2"] or sorted(os.listdir(tmp_path)) == ["0001.1", "0001.2"]
    (tmp_path / "0001.1").unlink(missing_ok=True)
    (tmp_path / "0001.2").unlink()
    again = Lease(tmp_path, "0001")
    assert again.take()  # the name of the slept one's claim comes again
    slept._own = tmp_path / "0001.1"
    assert not slept.is_own
    again.release()


def test_a_disk_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(lease_module.os, "link", refuse)
    first, second = Lease(tmp_path, "0001"), Lease(tmp_path, "0001")
    assert first.take()
    assert not second.take()
    assert first.is_own
    first.release()
    assert os.listdir(tmp_path) == []


def test_of_many_processes_each_piece_is_done_once(tmp_path):
    command = [sys.executable, "-c", CLAIM_ALL, str(tmp_path)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for worker in workers:
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert [(tmp_path / f"{number}.by").read_text() for number in range(60)] == ["x"] * 60
    assert list((tmp_path / "claims").iterdir()) == []


def test_a_lock_of_a_machine_that_is_gone_falls(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({**describe_self(), "host": "elsewhere"}))
    with pytest.raises(HeldError, match="on elsewhere"), Lock(path):
        pass
    now = path.stat().st_mtime
    os.utime(path, (now - SILENT_SECONDS - 5,) * 2)
    with Lock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()
