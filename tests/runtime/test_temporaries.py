"""Temporary neighbours: whose they are, and which of them may be removed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from erasepro.runtime import temporaries
from erasepro.runtime.temporaries import is_abandoned, remove_abandoned, remove_temporaries, temporary_neighbour


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def neighbour_of(path, pid):
    """A temporary neighbour as a process would name it."""
    own = temporary_neighbour(path)
    return own.with_name(own.name.replace(f".{os.getpid()}.", f".{pid}."))


def test_only_temporaries_are_removed(tmp_path):
    living = temporary_neighbour(tmp_path / "b")
    for path in (tmp_path / "a.tmp", tmp_path / ".hidden", tmp_path / ".old.123.tmp", living):
        path.touch()
    remove_temporaries(tmp_path.iterdir(), keep_living=True)
    assert names(tmp_path) == {"a.tmp", ".hidden", living.name}
    remove_temporaries(tmp_path.iterdir())
    assert names(tmp_path) == {"a.tmp", ".hidden"}


def test_what_is_abandoned_of_one_name_is_removed_and_nothing_else(tmp_path, dead, monkeypatch):
    left, folder = neighbour_of(tmp_path / "a[1].txt", dead), neighbour_of(tmp_path / "a[1].txt", dead)
    other, living = neighbour_of(tmp_path / "b.txt", dead), temporary_neighbour(tmp_path / "a[1].txt")
    own = tmp_path / ".a[1].txt.backup.tmp"
    with monkeypatch.context() as patch:
        patch.setattr(temporaries.socket, "gethostname", lambda: "elsewhere")
        remote = neighbour_of(tmp_path / "a[1].txt", dead)
    (folder / "inside").mkdir(parents=True)
    for path in (left, other, living, own, remote):
        path.touch()
    assert [is_abandoned(path) for path in (left, folder, other, living, own, remote)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    remove_abandoned(tmp_path / "a[1].txt")
    assert names(tmp_path) == {path.name for path in (other, living, own, remote)}


def test_a_name_of_before_machines_were_told_apart_hangs_on_its_process(tmp_path, dead):
    living, gone = tmp_path / f".a.{os.getpid()}.01234567.tmp", tmp_path / f".a.{dead}.01234567.tmp"
    for path in (living, gone):
        path.touch()
    remove_abandoned(tmp_path / "a")
    assert names(tmp_path) == {living.name}


def test_nothing_is_removed_where_there_is_no_folder(tmp_path):
    remove_abandoned(tmp_path / "none" / "a.txt")
    assert names(tmp_path) == set()
