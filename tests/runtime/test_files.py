"""Files that are whole or absent: whoever else writes them, wherever the writer is stopped."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import save_file

from erasepro.errors import UserError
from erasepro.runtime import files
from erasepro.runtime.files import (
    creating,
    digest,
    read_dict,
    read_json,
    replacing,
    text_writer,
    write_bytes,
    write_json,
    write_text,
    write_together,
)
from erasepro.runtime.temporaries import remove_temporaries, temporary_neighbour
from tests.end_to_end.full_disk import fill_after

WRITERS = {
    "text": lambda path: write_text(path, "new" * 1000),
    "json": lambda path: write_json(path, {"new": ["x"] * 1000}),
    "bytes": lambda path: write_bytes(path, b"new" * 1000),
    "together": lambda path: write_together(path.parent, {path.name: text_writer("new" * 1000)}),
}
REPEATING = """
import sys
from pathlib import Path
from erasepro.runtime.files import write_text
path, letter = Path(sys.argv[1]), sys.argv[2]
path.with_name(letter).touch()
for _ in range(int(sys.argv[3])):
    write_text(path, letter * 200_000)
"""
STOPPED = """
import sys, time
from pathlib import Path
from erasepro.runtime.files import replacing
path = Path(sys.argv[1])
with replacing(path) as temporary:
    with open(temporary, "w") as file:
        file.write("half")
        file.flush()
        path.with_name("begun").touch()
        time.sleep(600)
"""


def process(program, *words):
    return subprocess.Popen([sys.executable, "-c", program, *map(str, words)])


def wait_for(*paths):
    for _ in range(6000):
        if all(path.exists() for path in paths):
            return
        time.sleep(0.01)
    raise TimeoutError("it did not come about")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_is_written_and_replaced(tmp_path, kind):
    path = tmp_path / "a" / "b.json"
    WRITERS[kind](path)
    path.write_text("old")
    WRITERS[kind](path)
    assert path.read_text().count("new") in (1, 1000)
    assert names(path.parent) == ["b.json"]


def test_two_processes_write_the_same_file_at_the_same_time(tmp_path):
    path = tmp_path / "a.txt"
    writers = [process(REPEATING, path, letter, 150) for letter in "xy"]
    wait_for(tmp_path / "x", tmp_path / "y", path)
    seen = set()
    while any(writer.poll() is None for writer in writers):
        content = path.read_text()
        assert content in ("x" * 200_000, "y" * 200_000)
        seen.add(content[0])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen == {"x", "y"}
    assert names(tmp_path) == ["a.txt", "x", "y"]


def test_temporaries_of_one_process_do_not_meet_either(tmp_path):
    path = tmp_path / "a.txt"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        assert {f".a.txt.{os.getpid()}"} == {part.name.rsplit(".", 2)[0] for part in (first, second)}
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"


def test_a_kill_in_the_middle_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    writer = process(STOPPED, path)
    wait_for(tmp_path / "begun")
    left = [name for name in names(tmp_path) if name.endswith(".tmp")]
    assert len(left) == 1
    remove_temporaries(tmp_path.iterdir(), keep_living=True)
    assert [name for name in names(tmp_path) if name.endswith(".tmp")] == left, "its writer lives"
    writer.kill()
    writer.wait()
    assert path.read_text() == "old"
    remove_temporaries(tmp_path.iterdir(), keep_living=True)
    assert names(tmp_path) == ["a.txt", "begun"]


@pytest.mark.parametrize("kind", WRITERS)
def test_who_writes_again_takes_away_what_a_killed_writer_left(tmp_path, kind):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / temporary_neighbour(tmp_path / "a.json").name.replace(str(os.getpid()), str(dead.pid))
    left.write_text("half")
    WRITERS[kind](tmp_path / "a.json")
    assert names(tmp_path) == ["a.json"]


def test_a_new_folder_takes_away_what_a_killed_writer_left(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / temporary_neighbour(tmp_path / "new").name.replace(str(os.getpid()), str(dead.pid))
    (left / "inside").mkdir(parents=True)
    with creating(tmp_path / "new") as part:
        part.mkdir()
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("left", [0, 100, 2000])
def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, kind, left):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.MonkeyPatch.context() as patch:
        fill_after(left, patch)
        with pytest.raises(OSError, match="No space") as caught:
            WRITERS[kind](path)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_disk_that_is_full_when_asked_to_keep_it_leaves_the_old_file(tmp_path, monkeypatch, kind):
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        WRITERS[kind](path)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize(("durable", "calls"), [(True, ["file", "replace", "folder"]), (False, ["replace"])])
def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, monkeypatch, durable, calls):
    done, replace = [], os.replace
    monkeypatch.setattr(files, "sync_file", lambda path: done.append("file"))
    monkeypatch.setattr(files, "sync_folder", lambda path: done.append("folder"))
    monkeypatch.setattr(files.os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    with replacing(tmp_path / "a", durable=durable) as temporary:
        temporary.write_text("x")
    assert done == calls


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch):
    real = os.fsync

    def only_files(handle):
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(handle)

    monkeypatch.setattr(files.os, "fsync", only_files)
    write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "a"):
        (tmp_path / "nowhere" / "b").read_text()
    assert caught.value.filename == str(tmp_path / "nowhere" / "b")


def test_files_written_together_are_all_there_or_none(tmp_path):
    write_together(tmp_path / "old", {"a": text_writer("1"), "b": text_writer("1")})

    def fail(path):
        path.write_text("half")
        raise OSError(errno.EIO, "Input/output error")

    for folder in (tmp_path / "old", tmp_path / "new"):
        with pytest.raises(OSError, match="Input/output") as caught:
            write_together(folder, {"a": text_writer("2"), "b": fail})
        assert caught.value.filename == str(folder / "b")
    assert {path.name: path.read_text() for path in (tmp_path / "old").iterdir()} == {"a": "1", "b": "1"}
    assert not (tmp_path / "new").exists()


def test_a_new_folder_appears_whole_and_nothing_is_overwritten(tmp_path):
    target = tmp_path / "deep" / "made"

    def fill():
        with creating(target) as temporary:
            temporary.mkdir()
            (temporary / "a").write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="free some space"):
        fill()
    assert names(tmp_path) == []
    with creating(target) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("whole")
        assert not target.exists()
    assert names(target.parent) == ["made"]
    assert (target / "a").read_text() == "whole"
    with pytest.raises(UserError, match="exists already"), creating(target):
        pass


def test_nan_is_not_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"\xff", None])
def test_what_is_missing_or_damaged_reads_as_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None
    assert read_dict(tmp_path / "a.json") == {}


def test_what_is_written_is_read(tmp_path):
    write_json(tmp_path / "a.json", {"é": [1, None]})
    assert read_json(tmp_path / "a.json") == read_dict(tmp_path / "a.json") == {"é": [1, None]}
    write_json(tmp_path / "b.json", [1])
    assert read_dict(tmp_path / "b.json") == {}


def test_a_digest_does_not_hang_on_the_order_of_keys():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) == digest(json.loads('{"b": [2], "a": 1}'))
    assert digest({"a": 1}) != digest({"a": 2})


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_have_the_rights_that_the_umask_gives(tmp_path, mask):
    def private(path):
        """As safetensors writes: in another file of its own, renamed."""
        other = path.with_suffix(".other")
        other.write_bytes(b"x")
        other.chmod(0o600)
        other.replace(path)

    before = os.umask(mask)
    try:
        write_together(tmp_path, {"a": private, "b": text_writer("x")})
        write_bytes(tmp_path / "c", b"x")
        write_json(tmp_path / "d", {})
        write_together(tmp_path, {"e": lambda path: save_file({"x": torch.zeros(1)}, path)})
    finally:
        os.umask(before)
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in "abcde"} == dict.fromkeys("abcde", 0o666 & ~mask)
