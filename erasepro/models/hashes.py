"""Hashes of files and folders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def folder_fingerprint(path: Path) -> str:
    """SHA-256 over a file's bytes; of a folder over the names, sizes and times of what lies in it."""
    if path.is_file():
        return hash_files(path.parent, [path])
    files = sorted(inner for inner in path.rglob("*") if inner.is_file())
    facts = [(p.relative_to(path).as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def hash_files(folder: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names (relative to the folder) and bytes of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with open(path, "rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def contents(params: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of the files that a metric's settings name: other bytes under the same name are another metric."""
    found = {}
    for value in params.values():
        path = Path(value).expanduser() if isinstance(value, str) and len(value) < 1000 else None
        if path is not None and path.exists() and value:
            found[value] = folder_fingerprint(path)
    return found
