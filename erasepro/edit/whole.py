"""Several files into a folder, each whole or not at all: temporary neighbours first, then renamed one after the other."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

Writer = Callable[[Path], object]


def write_whole(folder: Path, writers: dict[str, Writer]) -> None:
    """Write `folder`/name for every name, in this order, each by its writer (given the path to write to).

    Nothing in the folder changes before all of them are written; the temporary files, and a folder made for them, are
    removed whatever happens.

    Raises:
        OSError: a full disk, a folder that cannot be written to …, with the file's final path as its `filename`.
    """
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = {name: folder / f".{name}.{os.getpid()}.tmp" for name in writers}
    name = ""
    try:
        for name, write in writers.items():
            write(temporary[name])
            _settle(temporary[name])
        for name, path in temporary.items():
            os.replace(path, folder / name)
    except (OSError, SafetensorError) as error:
        raise _told(error, folder / name) from error
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
        if not there and not any(folder.iterdir()):
            folder.rmdir()


def text(content: str) -> Writer:
    """The writer of a text file."""
    return lambda path: path.write_text(content, encoding="utf-8")


def _settle(path: Path) -> None:
    """Wait until the bytes are on the disk: some file systems only then say that it is full."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _told(error: Exception, path: Path) -> OSError:
    """The system's own error with the path that was meant; safetensors hides the number in its text."""
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(error.errno, error.strerror or str(error), str(path))
    number = re.search(r"os error (\d+)", str(error))
    code = int(number[1]) if number else errno.EIO
    return OSError(code, os.strerror(code) if number else str(error), str(path))
