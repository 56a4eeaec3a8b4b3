"""Score files: read as they were written, missing where anything of them was changed, with a line that says why."""

import json
import os

import pytest

from erasepro.errors import UserError
from erasepro.results.samples import write_samples
from erasepro.runs.score_files import ScoreFiles
from erasepro.runtime.sealed_json import write_sealed

SCORES = {"edited": {"value": 0.5, "n": 2}, "original": None, "seconds": 1.0}
SAMPLES = [{"id": "dog-0", "seed": 0, "model": "edited", "error": None, "x": 0.25}]


@pytest.fixture
def files(tmp_path):
    files = ScoreFiles(tmp_path / "scores", "edit-hash")
    files.write("x-1", SAMPLES, SCORES)
    return files


def test_what_was_written_is_read(files, capsys):
    assert SCORES.items() <= files.read("x-1").items()
    assert files.samples("x-1") == SAMPLES
    files.tell_problem("x-1")
    assert capsys.readouterr().err == ""


def test_scores_that_are_not_there_are_missing_without_a_word(files, capsys):
    assert files.read("y-1") == {}
    assert files.samples("y-1") == []
    files.tell_problem("y-1")
    assert capsys.readouterr().err == ""


def change_value(folder):
    record = json.loads((folder / "x-1.json").read_text())
    record["edited"]["value"] = 0.9
    (folder / "x-1.json").write_text(json.dumps(record))


def drop_digest(folder):
    record = json.loads((folder / "x-1.json").read_text())
    del record["digest"]
    (folder / "x-1.json").write_text(json.dumps(record))


def change_sample(folder):
    write_samples(folder / "x-1.parquet", [SAMPLES[0] | {"x": 0.75}])


def flip_bit(folder):
    content = bytearray((folder / "x-1.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "x-1.parquet").write_bytes(content)


def lose_samples(folder):
    (folder / "x-1.parquet").unlink()


def put_pipe(folder):
    (folder / "x-1.parquet").unlink()
    os.mkfifo(folder / "x-1.parquet")


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (change_value, "x-1.json' is damaged or was changed by hand"),
        (drop_digest, "x-1.json' has no digest"),
        (change_sample, "x-1.parquet' is gone, damaged or was changed by hand"),
        (flip_bit, "x-1.parquet' is gone, damaged or was changed by hand"),
        (lose_samples, "x-1.parquet' is gone, damaged or was changed by hand"),
        (put_pipe, "x-1.parquet' is gone, damaged or was changed by hand"),
    ],
)
def test_scores_that_were_changed_are_missing_and_told(files, capsys, harm, line):
    harm(files.folder)
    assert files.read("x-1") == {}
    assert files.samples("x-1") == []
    assert f"{line}" in capsys.readouterr().err
    files.tell_problem("x-1")
    told = capsys.readouterr().err
    assert line in told
    assert told.endswith(": counted again.\n")
    assert told.count("\n") == 1
    files.write("x-1", SAMPLES, SCORES)
    assert files.samples("x-1") == SAMPLES


def test_scores_of_another_edits_pictures_are_missing(files, capsys):
    other = ScoreFiles(files.folder, "another")
    assert other.read("x-1") == {}
    other.tell_problem("x-1")
    assert "was counted on pictures of another edit: counted again." in capsys.readouterr().err


def test_a_record_of_another_parquet_is_missing(files):
    record = files.read("x-1")
    write_sealed(files.folder / "x-1.json", record | {"parquet": ""})
    files.parquet("x-1").unlink()
    assert files.read("x-1") == {}, "no file gives no hash, and that is none to agree with"


@pytest.mark.parametrize("suffix", ["json", "parquet"])
def test_a_folder_in_the_place_is_told(files, suffix):
    (files.folder / f"x-1.{suffix}").unlink()
    (files.folder / f"x-1.{suffix}").mkdir()
    with pytest.raises(UserError, match=f"x-1.{suffix}' is a folder where a file should be: delete or move it"):
        files.read("x-1")
