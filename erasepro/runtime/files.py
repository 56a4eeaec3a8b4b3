"""Whole files: each is written beside its place and renamed, so a reader sees the old file or the new one, never a half.

What a writer that was killed left beside the file goes when the file is written again (`temporaries.remove_abandoned`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from erasepro.errors import OutOfSpace, UserError
from erasepro.runtime.foreign_text import check_name
from erasepro.runtime.json_text import NoJson, load_json
from erasepro.runtime.temporaries import remove, remove_abandoned, temporary_neighbour

FileWriter = Callable[[Path], object]
"""Writes a file at the path that it is given."""

_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EISDIR)
"""How file systems say that they cannot sync a folder."""


# -- naming ------------------------------------------------------------------------------------------------------
def as_path(value: object, what: str) -> Path:
    """The path that a caller gives.

    Raises UserError for what is no path, for an empty text, which would be ".", and for one with control characters.
    """
    if not isinstance(value, (str, Path)):
        raise UserError(f"Give {what} as a path, in text; got a {type(value).__name__}.")
    if not str(value).strip():
        raise UserError(f"The name of {what} is empty: give its path.")
    check_name(str(value), f"The name of {what}")
    return Path(value)


# -- writing -----------------------------------------------------------------------------------------------------
@contextmanager
def replacing(path: Path, durable: bool = True) -> Iterator[Path]:
    """A temporary neighbour to write to; it takes the file's place at the end of the block, or is removed where that fails.

    Args:
        path: the final place; its folder is made where it is missing.
        durable: wait until file and folder are on the disk, so that a power cut leaves the old file or the new one. False for
            what is made again where it is damaged (caches, images): waiting for thousands of files takes seconds.

    Raises:
        OSError: a full disk, a folder that cannot be written to …, with the final path as its ``filename``.
        UserError: a folder is in the file's place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if durable:  # the folders of pictures and caches are swept once, not for each of thousands of files
        remove_abandoned(path)
    temporary = temporary_neighbour(path)
    try:
        yield temporary
        if durable:
            sync_file(temporary)
        os.replace(temporary, path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        if error.filename in (None, str(temporary)):  # a failed write does not say of what
            error.filename = str(path)
            refuse_no_file(path, error)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file or nothing. Raises OSError, see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file or nothing. Raises OSError, see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """`write_text` of indented JSON. Raises ValueError for NaN and infinities, which are not JSON."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def text_writer(content: str) -> FileWriter:
    """The `FileWriter` of a text file, for `write_together`."""
    return lambda path: path.write_text(content, encoding="utf-8")


def write_together(folder: Path, writers: Mapping[str, FileWriter]) -> None:
    """Write ``folder/name`` for every name, in this order, each by its writer.

    Nothing in the folder changes before all of them are on the disk; the temporary files, and a folder made for them, are
    removed where one fails.

    Raises:
        OSError: a full disk, a folder that cannot be written to …, with the file's final path as its ``filename``.
    """
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    for name in writers:
        remove_abandoned(folder / name)
    temporary = {name: temporary_neighbour(folder / name) for name in writers}
    name = ""
    try:
        for name, write in writers.items():
            _write_at_usual_mode(temporary[name], write)
            sync_file(temporary[name])
        for name, path in temporary.items():
            os.replace(path, folder / name)
        sync_folder(folder)
    except (OSError, SafetensorError) as error:
        raise _system_error(error, folder / name) from error
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
        if not existed and not any(folder.iterdir()):
            folder.rmdir()


def _write_at_usual_mode(path: Path, write: FileWriter) -> None:
    """A new file with the rights that any new file here gets (umask, the folder's ACL), whatever its writer gives it.

    safetensors writes files that their owner alone can read.
    """
    path.open("xb").close()
    usual = stat.S_IMODE(path.stat().st_mode)
    write(path)
    if stat.S_IMODE(path.stat().st_mode) != usual:
        path.chmod(usual)


@contextmanager
def creating(target: Path) -> Iterator[Path]:
    """A name to write a file or a folder under; it becomes ``target`` when the block ends well, else it is removed.

    Raises:
        UserError: the target exists, or its folder is full or cannot be written to.
    """
    refuse_existing(target)
    remove_abandoned(target)
    missing = [parent for parent in target.absolute().parents if not parent.exists()]  # deepest first
    temporary = temporary_neighbour(target)
    done = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        for path in temporary.rglob("*") if temporary.is_dir() else [temporary]:
            if path.is_file():
                sync_file(path)
        refuse_existing(target)
        os.rename(temporary, target)
        done = True
        sync_folder(target.parent)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space" if full else "choose another place"
        line = f"Cannot write {str(target)!r}: {error.strerror or error}; {hint}."
        raise (OutOfSpace if full else UserError)(line) from error
    finally:
        if not done:
            remove(temporary)
            for folder in missing:
                with suppress(OSError):
                    folder.rmdir()


def refuse_existing(target: Path) -> None:
    """Raise UserError where something has the target's name already."""
    if os.path.lexists(target):
        raise UserError(f"{str(target)!r} exists already: nothing is overwritten; give another name or remove it.")


# -- what is on the disk -----------------------------------------------------------------------------------------
def sync_file(path: Path) -> None:
    """Wait until a file's bytes are on the disk: some file systems only then say that it is full."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk, so that a rename outlives a power cut; where the system can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NO_FOLDER_SYNC:
            return
        raise
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


# -- reading -----------------------------------------------------------------------------------------------------
def read_json(path: Path) -> Any:
    """The JSON in a file, or None where the file is missing, cut off or damaged.

    Raises UserError where a folder or a link to itself is in its place: then nothing can be written there either.
    """
    try:
        return load_json(path)
    except (FileNotFoundError, NoJson):
        return None
    except OSError as error:
        refuse_no_file(path, error)
        raise


def refuse_no_file(path: Path, error: OSError) -> None:
    """Raise UserError, which says what to delete, where reading failed because something else has the file's place."""
    what = {errno.EISDIR: "a folder", errno.ELOOP: "a link to itself"}.get(error.errno or 0)
    if what is not None:
        raise UserError(
            f"{str(path)!r} is {what} where a file should be: delete or move it, and give the same command again."
        ) from error


def read_dict(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing, damaged, or holds something else. Raises as `read_json`."""
    content = read_json(path)
    return content if isinstance(content, dict) else {}


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _system_error(error: Exception, path: Path) -> OSError:
    """The system's own error with the path that was meant; safetensors hides the number in its text."""
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(error.errno, error.strerror or str(error), str(path))
    number = re.search(r"os error (\d+)", str(error))
    code = int(number[1]) if number else errno.EIO
    return OSError(code, os.strerror(code) if number else str(error), str(path))
