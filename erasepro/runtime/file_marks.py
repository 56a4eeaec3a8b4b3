"""Marks of files and folders: equal marks mean equal content, and a file that is missing has a mark too.

A small file is marked by its bytes. A large one, such as a model's weights, by what the system changes with it: inode, size,
time of its content and time of its entry. The last cannot be set by hand, so that a file with other bytes and its old time is
told from the file that it was. Two equal marks taken seconds apart hence leave no room for a change between them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

LARGE = 4 * 2**20
"""Bytes from which a file is marked by its state, unless a caller says otherwise."""


def mark_file(path: Path, large: float = LARGE) -> str:
    """The mark of what lies at a path; links are followed. Raises OSError for a file that cannot be read.

    Args:
        large: bytes from which a file is marked by its state; ``math.inf`` reads every file, 0 none.
    """
    try:
        state = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    if not stat.S_ISREG(state.st_mode):
        return f"kind {stat.S_IFMT(state.st_mode):o}"  # a folder, or a pipe, which would be waited for
    if state.st_size >= large:
        return f"state {state.st_ino} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
    with open(path, "rb") as file:
        return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"


def mark_folder(
    folder: Path, suffixes: Collection[str] = (), without: Collection[str] = (), large: float = LARGE
) -> str:
    """SHA-256 (64 hex digits) over the names and marks of all files in a folder, at any depth. Raises OSError as `mark_file`.

    Args:
        suffixes: of the names that count; none: all names count.
        without: names of files and folders at the top that do not count.
        large: see `mark_file`.
    """
    total = hashlib.sha256(mark_file(folder).encode())
    for path in sorted(_entries(folder, without, set())):
        if not suffixes or path.suffix in suffixes:
            kind = "link " if path.is_symlink() else ""
            name = path.relative_to(folder).as_posix()
            total.update(f"{name}\0{kind}{mark_file(path, large)}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


def _entries(folder: Path, without: Collection[str], seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Everything in a folder but its folders; links to folders count and are followed, in a circle once."""
    try:
        state = os.stat(folder)
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    if (state.st_dev, state.st_ino) in seen:
        return
    seen.add((state.st_dev, state.st_ino))
    for name in names:
        path = folder / name
        if name in without or name == "__pycache__":
            continue
        if path.is_symlink() or not path.is_dir():
            yield path
        if path.is_dir():
            yield from _entries(path, (), seen)
