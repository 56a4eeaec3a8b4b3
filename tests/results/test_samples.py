"""Per-sample rows on disk."""

import pytest

from erasepro.results.samples import FILE, count_unreadable, read_samples, samples_made_of, write_samples

ROWS = [
    {"id": "a", "seed": 2**40, "value": 0.5, "error": None},
    {"id": "b", "error": "unreadable: cut off", "labels": ["x", "y"]},
    {"id": "c", "error": "no face"},
]


def test_rows_are_read_back_with_every_column(tmp_path):
    write_samples(tmp_path / FILE, iter(ROWS))
    empty = dict.fromkeys(("id", "seed", "value", "error", "labels"))
    assert read_samples(tmp_path / FILE) == read_samples(tmp_path) == [{**empty, **row} for row in ROWS]


def test_what_they_are_made_of_is_kept_with_them(tmp_path):
    write_samples(tmp_path / "a", ROWS, ["kid", "fd_mini"])
    write_samples(tmp_path / "b", ROWS)
    assert samples_made_of(tmp_path / "a") == ["kid", "fd_mini"]
    assert samples_made_of(tmp_path / "b") == []


def test_unreadable_images_are_counted_and_other_errors_are_not(tmp_path):
    write_samples(tmp_path / FILE, ROWS)
    assert count_unreadable(tmp_path / FILE) == 1


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no per-sample rows in"):
        read_samples(tmp_path)
    assert samples_made_of(tmp_path / FILE) is count_unreadable(tmp_path / FILE) is None
    (tmp_path / FILE).write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match=r"(?i)parquet"):
        read_samples(tmp_path)
    assert samples_made_of(tmp_path / FILE) is count_unreadable(tmp_path / FILE) is None


def test_a_writer_that_fails_leaves_the_old_rows(tmp_path):
    write_samples(tmp_path / FILE, ROWS)
    with pytest.raises(Exception, match=r"(?i)could not convert"):
        write_samples(tmp_path / FILE, [{"id": object()}])
    assert len(read_samples(tmp_path)) == 3
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
