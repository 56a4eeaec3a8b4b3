"""Marks tell one content from another, whatever a file's times say; nothing that would be waited for is opened."""

import math
import os

from erasepro.runtime.file_marks import LARGE, mark_file, mark_folder


def test_a_small_file_is_marked_by_its_bytes(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("one")
    before = mark_file(file)
    os.utime(file, (0, 0))
    assert mark_file(file) == before
    file.write_text("two")
    assert mark_file(file) != before


def test_a_large_file_with_its_old_time_and_size_is_told_from_what_it_was(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(bytes(LARGE))
    state, before = file.stat(), mark_file(file)
    assert before.startswith("state")
    with open(file, "r+b") as opened:
        opened.write(b"1")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    assert mark_file(file) != before
    assert mark_file(file, math.inf).startswith("sha256")


def test_what_is_missing_or_no_file_has_a_mark(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    marks = {mark_file(tmp_path / name) for name in ("missing", "pipe", "")} | {mark_file(tmp_path / "missing" / "file")}
    assert len(marks) == 3
    assert mark_folder(tmp_path / "missing") != mark_folder(tmp_path)


def test_a_folder_is_marked_by_names_and_content_at_any_depth(tmp_path):
    def changed(change):
        before = mark_folder(tmp_path)
        change()
        return mark_folder(tmp_path) != before

    file = tmp_path / "a" / "b" / "c.py"
    file.parent.mkdir(parents=True)
    assert changed(lambda: file.write_text("1"))
    assert changed(lambda: file.write_text("2"))
    assert changed(lambda: file.rename(file.with_name("d.py")))
    assert changed(lambda: (tmp_path / "link").symlink_to(tmp_path / "a"))
    assert changed(lambda: file.with_name("d.py").unlink())


def test_some_names_do_not_count(tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = mark_folder(tmp_path, suffixes=(".py",)), mark_folder(tmp_path, without=("wandb",))
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "log.txt").write_text("1")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    assert (mark_folder(tmp_path, suffixes=(".py",)), mark_folder(tmp_path, without=("wandb",))) == before


def test_folders_that_link_in_a_circle_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert mark_folder(tmp_path) == mark_folder(tmp_path)


def test_a_link_in_a_files_place_is_another_mark(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    run.mkdir()
    (run / "a").write_text("1")
    before = mark_folder(run)
    (run / "a").rename(elsewhere)
    (run / "a").symlink_to(elsewhere)
    assert mark_folder(run) != before
