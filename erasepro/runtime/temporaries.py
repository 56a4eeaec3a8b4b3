"""Temporary neighbours: the hidden names that files are written under before they take their place.

They are named ``.<name>.<process id>.<machine><random>.tmp``: two processes that write the same file do not touch each
other's, and what a killed writer left can be told from what a living one is writing, here or on another machine that sees
the same disk.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\.(.*)\.(\d+)\.([0-9a-f]{4}|)[0-9a-f]{8}\.tmp")


def temporary_neighbour(path: Path) -> Path:
    """A new hidden name in the same folder, for this process alone."""
    return path.with_name(f".{path.name}.{os.getpid()}.{_machine()}{secrets.token_hex(4)}.tmp")


def remove_temporaries(paths: Iterable[Path], keep_living: bool = False) -> None:
    """Remove temporary neighbours that writers left which were killed.

    Args:
        paths: the candidates; those not named as temporaries (``.*.tmp``) are left alone.
        keep_living: leave what a process that still runs may be writing, here or on another machine. Not needed under a lock,
            and a process number that was given out again keeps a file.
    """
    for path in paths:
        if path.name.startswith(".") and path.name.endswith(".tmp") and not (keep_living and _has_living_writer(path)):
            path.unlink(missing_ok=True)


def remove_abandoned(path: Path) -> None:
    """Remove the temporary neighbours of one file or folder whose writers, processes of this machine, are gone.

    Files of other names stay, temporary or not: the folder may be a user's own. Nothing is raised: whoever writes next says
    what is wrong with the disk.
    """
    with suppress(OSError):
        for other in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
            match = _TEMPORARY.fullmatch(other.name)
            if match is not None and match[1] == path.name and not _has_living_writer(other):
                remove(other)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what cannot be removed stays."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_abandoned(path: Path) -> bool:
    """Whether a file is named as a temporary one of a process of this machine that is gone."""
    return _TEMPORARY.fullmatch(path.name) is not None and not _has_living_writer(path)


def _machine() -> str:
    """Four hex digits for this machine."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:4]


def _has_living_writer(path: Path) -> bool:
    """Whether the process that a temporary file names may still run; of another machine's that is not known."""
    match = _TEMPORARY.fullmatch(path.name)
    if match is None:
        return False
    if match[3] not in ("", _machine()):  # "": of before machines were told apart
        return True
    try:
        os.kill(int(match[2]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it runs, as another user
        return True
    return True
