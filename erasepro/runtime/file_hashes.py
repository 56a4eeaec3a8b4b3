"""Hashes of files and folders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from erasepro.runtime.progress import stage

LARGE = 256 << 20
"""Bytes from which on hashing takes so long that it is shown."""
BLOCK = 1 << 20
"""Bytes read at a time."""


def folder_fingerprint(path: Path) -> str:
    """SHA-256 over a file's bytes; of a folder over the names, sizes and times of what lies in it."""
    if path.is_file():
        return hash_files(path.parent, [path])
    files = sorted(inner for inner in path.rglob("*") if inner.is_file())
    facts = [(p.relative_to(path).as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def hash_files(folder: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names (relative to the folder) and bytes of files."""
    total, files = hashlib.sha256(), sorted(paths)
    size = sum(path.stat().st_size for path in files)
    with stage("Hashing files", size >> 20, unit="MiB", show=size >= LARGE) as advance:
        for path in files:
            total.update(path.relative_to(folder).as_posix().encode() + b"\0")
            total.update(_sha256(path, advance))
    return total.hexdigest()


def _sha256(path: Path, advance: Callable[[int], None]) -> bytes:
    digest, buffer, read = hashlib.sha256(), bytearray(BLOCK), 0
    with open(path, "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
            advance(((read + count) >> 20) - (read >> 20))
            read += count
    return digest.digest()


def contents(config: Any) -> dict[str, str]:
    """Hashes, by path, of the files that a config dataclass names: other bytes under the same name are another metric.

    Only fields declared with ``field(metadata={"file": True})`` name files; no other text is looked up on the disk, whatever
    lies in the working directory. ``metadata={"file": True, "words": ("original",)}``: values that are words, no paths. A path
    at which nothing lies has no hash.
    """
    hashes = {}
    for f in fields(config):
        value = getattr(config, f.name) if f.metadata.get("file") else None
        if value and value not in f.metadata.get("words", ()):
            path = Path(value).expanduser()
            if path.exists():
                hashes[value] = folder_fingerprint(path)
    return hashes
