"""Records with a digest: what was written is read, whatever is changed is found, and nothing is waited for."""

import json
import math
import os

import pytest

from erasepro.errors import UserError
from erasepro.runtime.sealed_json import (
    CHANGED,
    KEY,
    NO_DIGEST,
    ChangedRecord,
    check_seal,
    hash_file,
    read_sealed,
    seal,
    write_sealed,
)

RECORD = {"b": [1, 2.5, -0.0, 1e-300, None, True], "a": {"ä": "ü", "n": 10**30}, "t": (1, 2), 7: "key"}


def test_what_was_written_is_read(tmp_path):
    write_sealed(tmp_path / "a.json", RECORD)
    record, problem = read_sealed(tmp_path / "a.json")
    assert problem == ""
    assert {key: value for key, value in record.items() if key != KEY} == json.loads(json.dumps(RECORD))
    assert len(check_seal(record)) == 64
    assert list(record)[-1] == KEY
    assert seal(record) == record, "a sealed record is sealed again"


def test_order_and_indentation_do_not_count(tmp_path):
    sealed = seal(RECORD)
    (tmp_path / "a.json").write_text(json.dumps(dict(reversed(sealed.items())), separators=(",", ":")))
    assert read_sealed(tmp_path / "a.json") == (sealed, "")


def test_any_changed_value_is_found():
    sealed = seal({"value": 0.5, "n": 3, "parts": {"plain": [0.25, None]}, "text": "x"})
    changes = [
        ("value", 0.5000000000000001), ("n", 3.0), ("n", True), ("parts", {"plain": [0.25]}), ("text", "X"), ("new", None),
        (KEY, "0" * 64), (KEY, None), (KEY, 5), (KEY, ""),
    ]  # fmt: skip
    for key, value in changes:
        with pytest.raises(ChangedRecord):
            check_seal(sealed | {key: value})
    for key in ("value", "parts"):
        with pytest.raises(ChangedRecord):
            check_seal({name: value for name, value in sealed.items() if name != key})


def test_a_record_without_digest_says_so_and_is_not_given():
    assert check_seal({"a": 1}) == ""


def test_every_flipped_bit_of_a_file_is_found(tmp_path):
    path = tmp_path / "a.json"
    write_sealed(path, {"value": 0.123456789, "n": 41, "unit": "images"})
    whole = path.read_bytes()
    record = read_sealed(path)[0]
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            assert read_sealed(path)[1] or read_sealed(path)[0] == record, "white space alone may differ"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is damaged (Expecting value"),
        (b"[" * 200_000, "is damaged (too many brackets)"),
        (b'{"a": ' + b"1" * 5000 + b"}", "is damaged (a number of too many digits)"),
        (b"\xff", "is damaged (no UTF-8"),
        (b"[1]", "is damaged (no JSON object)"),
        (b'{"a": 1}', NO_DIGEST),
        (b'{"a": 1, "digest": "0"}', CHANGED),
    ],
)
def test_damage_is_a_reason_and_no_error(tmp_path, content, problem):
    (tmp_path / "a.json").write_bytes(content)
    record, reason = read_sealed(tmp_path / "a.json")
    assert record == {}
    assert reason.startswith(problem)


def test_no_file_is_no_problem_and_a_pipe_is_not_waited_for(tmp_path):
    assert read_sealed(tmp_path / "none.json") == ({}, "")
    os.mkfifo(tmp_path / "pipe")
    assert read_sealed(tmp_path / "pipe") == ({}, "is damaged (it is no file)")
    assert hash_file(tmp_path / "pipe") == hash_file(tmp_path / "none") == ""


def test_a_folder_or_a_loop_in_the_place_is_told_with_what_to_delete(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for read in (read_sealed, hash_file):
        with pytest.raises(UserError, match="folder' is a folder where a file should be: delete or move it"):
            read(tmp_path / "folder")
        with pytest.raises(UserError, match="loop' is a link to itself where a file should be: delete"):
            read(tmp_path / "loop")
    with pytest.raises(UserError, match="delete or move it"):
        write_sealed(tmp_path / "folder", {})


def test_what_is_no_json_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_sealed(tmp_path / "a.json", {"value": math.nan})
    assert not list(tmp_path.iterdir())
