"""JSON records that carry a digest of their own content: a bit that rots and a number changed by hand are found when read.

The digest is SHA-256 over the canonical JSON of everything else in the record (sorted keys, no spaces), so that indentation
and the order of keys do not count. It is no signature: whoever changes a record and computes the digest anew is not found.
Records of before there were digests have none; each reader says what it does with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from erasepro.runtime.files import digest, refuse_no_file, write_json
from erasepro.runtime.json_text import NoJson, load_json

KEY = "digest"
"""The record's key for the digest, 64 hex digits."""

NO_DIGEST = "has no digest (an older erasepro wrote it, or it was changed by hand)"
CHANGED = "is damaged or was changed by hand (its content does not give its digest)"


class ChangedRecord(ValueError):
    """The content of a record is not what its digest was computed of."""

    def __init__(self) -> None:
        super().__init__("its content does not give its digest")


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as JSON gives it back, with its digest as the last key."""
    content = json.loads(json.dumps({key: value for key, value in record.items() if key != KEY}))
    return {**content, KEY: digest(content)}


def check_seal(record: Mapping[str, Any]) -> str:
    """The digest that a record states, checked; "" where it states none. Raises ChangedRecord."""
    if KEY not in record:
        return ""
    stated = record[KEY]
    if stated != digest({key: value for key, value in record.items() if key != KEY}):
        raise ChangedRecord
    return str(stated)


def write_sealed(path: Path, record: Mapping[str, Any]) -> None:
    """Write a whole JSON file with its digest, or nothing. Raises as `files.write_json` does."""
    write_json(path, seal(record))


def read_sealed(path: Path) -> tuple[dict[str, Any], str]:
    """The record in a file, and what is wrong with it, to stand behind the file's name.

    Returns:
        The record, and ""; ({}, "") where there is no file; ({}, the reason) where it is damaged, changed, or has no digest.

    Raises:
        UserError: a folder, or a link to itself, is in the file's place: nothing can be written there.
    """
    try:
        record = load_json(path)
    except FileNotFoundError:
        return {}, ""
    except NoJson as error:
        return {}, f"is damaged ({error})"
    except OSError as error:
        refuse_no_file(path, error)
        raise
    if not isinstance(record, dict):
        return {}, "is damaged (no JSON object)"
    try:
        return (record, "") if check_seal(record) else ({}, NO_DIGEST)
    except ChangedRecord:
        return {}, CHANGED


def hash_file(path: Path) -> str:
    """SHA-256 (64 hex digits) of a file's bytes; "" where there is no file, or something else that would be waited for.

    Raises:
        UserError: a folder, or a link to itself, is in the file's place.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return ""
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        refuse_no_file(path, error)
        raise
