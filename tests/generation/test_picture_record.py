"""rows.jsonl: rows and digests come back, later lines count, and what cannot be read is not recorded."""

import os

import pytest

from erasepro.generation.picture_record import PictureRecord

DIGESTS = {name: digit * 64 for name, digit in (("a_0", "a"), ("b_0", "b"))}
ROWS = {"a_0": {"id": "a", "prompt": "a dog"}, "b_0": {"id": "b", "prompt": "café"}}


@pytest.fixture
def record(tmp_path):
    return PictureRecord(tmp_path / "rows.jsonl")


def test_rows_and_digests_come_back_from_one_line_each(record):
    assert (record.rows(), record.digests(), record.digest("a_0")) == ({}, {}, None)
    record.write(ROWS, DIGESTS)
    again = PictureRecord(record.path)
    assert (again.rows(), again.digests(), again.digest("a_0")) == (ROWS, DIGESTS, "a" * 64)
    assert len(record.path.read_text().splitlines()) == 2


def test_digests_are_appended_the_last_counts_and_writing_anew_joins_them(record):
    record.write(ROWS, {})
    record.append(DIGESTS)
    record.append({"a_0": "c" * 64})
    assert record.digests() == {**DIGESTS, "a_0": "c" * 64}
    assert record.rows() == ROWS
    record.write(record.rows(), record.digests())
    assert len(record.path.read_text().splitlines()) == 2
    assert record.digests() == {**DIGESTS, "a_0": "c" * 64}


def test_the_same_content_is_not_written_again(record):
    record.write(ROWS, DIGESTS)
    before = record.path.stat().st_mtime_ns, record.path.stat().st_ino
    record.write(ROWS, DIGESTS)
    assert (record.path.stat().st_mtime_ns, record.path.stat().st_ino) == before


def test_a_row_that_is_written_again_loses_the_digest_of_the_other(record):
    record.write(ROWS, DIGESTS)
    with record.path.open("a") as file:
        file.write('{"name": "a_0", "id": "a", "prompt": "a cat"}\n')
    assert record.digests() == {"b_0": "b" * 64}


@pytest.mark.parametrize(
    "line",
    [
        "", "{", "[1]", "null", "\ufffd", '{"sha256": "x"}', '{"name": ["a_0"], "sha256": "x"}', '{"name": "c_0", "sha256": 5}',
        '{"name": "c_0", "sha256": "%s"}' % ("A" * 64), '{"name": "c_0", "sha256": "%s' % ("a" * 64), "[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_line_records_nothing_and_harms_no_other(record, line):
    record.write(ROWS, DIGESTS)
    record.path.write_text(line + "\n" + record.path.read_text() + line)
    assert (record.rows(), record.digests()) == (ROWS, DIGESTS)


def test_a_record_of_several_processes_keeps_every_line(record):
    children = []
    for child in range(4):
        pid = os.fork()
        if not pid:
            for i in range(50):
                record.append({f"{child}_{i}_{j}": "d" * 64 for j in range(8)})
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    assert len(record.digests()) == 4 * 50 * 8


@pytest.mark.parametrize("how", ["folder", "pipe"])
def test_what_is_no_file_records_nothing_and_is_not_waited_for(record, how):
    record.path.mkdir() if how == "folder" else os.mkfifo(record.path)
    assert (record.rows(), record.digests()) == ({}, {})
