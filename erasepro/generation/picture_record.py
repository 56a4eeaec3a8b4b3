"""``rows.jsonl``: of every picture in a folder the row that it was drawn from, and the SHA-256 of its file's bytes.

While pictures are drawn, lines of names and digests are appended, a batch at a time and before its pictures get their names;
whatever else changes writes the file anew, a line a picture. What of it cannot be read counts as not recorded: a picture
without a digest cannot be told from any other, so it is drawn again and never believed. That holds for the pictures of versions
that kept no digests as well: to record the bytes that lie there now would vouch for bytes that nobody has checked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from erasepro.runtime.files import write_text
from erasepro.runtime.json_text import NoJson, parse_json

FileState = tuple[int, int, int, int] | None

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass
class _Content:
    """What stands in the file, by picture name, and the text that it was read from."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    text: str = ""


class PictureRecord:
    """The record of one folder's pictures.

    Args:
        path: the file; one that is missing, damaged or no file records nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[FileState, _Content] = (None, _Content())

    def rows(self) -> dict[str, dict[str, Any]]:
        """Picture name -> id, prompt, seed, guidance, steps, width, height of its row."""
        return {name: dict(facts) for name, facts in self._content().rows.items()}

    def digests(self) -> dict[str, str]:
        """Picture name -> SHA-256 (64 hex digits) of the file that was written last under it."""
        return dict(self._content().digests)

    def digest(self, name: str) -> str | None:
        """The SHA-256 of one picture's file, or None where none is recorded."""
        return self._content().digests.get(name)

    def write(self, rows: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str]) -> None:
        """Write the file anew, a line a row, where it would differ. Raises OSError."""
        lines = []
        for name, facts in rows.items():
            entry = {"name": name, **facts}
            if name in digests:
                entry["sha256"] = digests[name]
            lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
        text = "".join(lines)
        if text != self._content().text:
            write_text(self.path, text)

    def append(self, digests: Mapping[str, str]) -> None:
        """Add the digests of pictures that are about to get their names.

        One write a call, so that the lines of several processes do not mix. Raises OSError.
        """
        data = "".join(json.dumps({"name": name, "sha256": sha256}) + "\n" for name, sha256 in digests.items()).encode()
        with self.path.open("ab", buffering=0) as file:
            while data:  # a disk that is about to be full takes a part of it, and refuses the rest
                data = data[file.write(data) :]

    def _content(self) -> _Content:
        """The file's content, read again only where the file has changed."""
        state = file_state(self.path)
        if self._read[0] != state:
            self._read = (state, _parse(self.path))
        return self._read[1]


def file_state(path: Path) -> FileState:
    """What changes with a file's content: inode, size, times; None where there is no file."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _parse(path: Path) -> _Content:
    if not path.is_file():  # a pipe would be waited for
        return _Content()
    try:
        content = _Content(text=path.read_bytes().decode("utf-8", errors="replace"))
    except OSError:
        return _Content()
    for line in content.text.split("\n"):
        with suppress(NoJson, AttributeError, KeyError, TypeError):
            entry = parse_json(line)
            name, digest = entry.pop("name"), entry.pop("sha256", None)
            if entry:
                content.rows[name] = entry
                content.digests.pop(name, None)  # a later line of a row says all that is known of it
            if isinstance(digest, str) and _DIGEST.fullmatch(digest):
                content.digests[name] = digest
    return content
