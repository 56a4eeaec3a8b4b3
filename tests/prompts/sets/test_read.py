"""Files of every format give the same rows; what is wrong with a file is one line that names the place."""

import json
import pickle

import pyarrow
import pytest
from pyarrow import parquet

from erasepro.errors import UserError
from erasepro.prompts.sets.read import LINE, read_table

ROWS = [
    {"prompt": "a lamp, by a window", "seed": 5, "guidance": 7.5},
    {"prompt": 'a "blue" chair\nwith a cushion', "seed": 2**62 + 1, "guidance": None},
]


def write(path, rows=ROWS):
    if path.suffix == ".jsonl":
        path.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        lines = [
            "prompt,seed,guidance",
            '"a lamp, by a window",5,7.5',
            f'"a ""blue"" chair\nwith a cushion",{2**62 + 1},',
        ]
        text = "\ufeff" + "\n".join(lines) + "\n\n"
        path.write_text(text.replace("lamp, by", "lamp,\tby") if path.suffix == ".tsv" else text, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path, suffix):
    table = read_table(write(tmp_path / f"rows{suffix}"), "prompts.x.file", ["seed", "guidance"])
    assert table.columns == ("prompt", "seed", "guidance")
    assert [record.cells["prompt"] for record in table.records] == [row["prompt"] for row in ROWS]
    assert [int(record.cells["seed"]) for record in table.records] == [5, 2**62 + 1]
    assert [record.place for record in table.records] == {
        ".csv": ["line 2", "line 4"],  # the second row ends in the file's fourth line
        ".jsonl": ["line 1", "line 3"],
        ".parquet": ["row 1", "row 2"],
    }[suffix]


def test_tabs_and_plain_lines(tmp_path):
    (tmp_path / "a.tsv").write_text("prompt\tseed\na lamp, lit\t3\n", encoding="utf-8")
    (record,) = read_table(tmp_path / "a.tsv", "k").records
    assert record.cells == {"prompt": "a lamp, lit", "seed": "3"}
    (tmp_path / "a.txt").write_text("one, two\n\n  three \n", encoding="utf-8")
    table = read_table(tmp_path / "a.txt", "k")
    assert table.columns == (LINE,)
    assert [(r.place, r.cells[LINE]) for r in table.records] == [("line 1", "one, two"), ("line 3", "three")]


def test_pictures_in_a_parquet_file_are_not_read(tmp_path):
    rows = [{"caption": "a bridge", "image": b"\x00" * 100, "width": 64}]
    table = read_table(write(tmp_path / "a.parquet", rows), "k")
    assert table.columns == ("caption", "image", "width")
    assert table.records[0].cells == {"caption": "a bridge"}


def test_every_column_of_a_parquet_file_that_can_hold_text_is_read(tmp_path):
    texts = pyarrow.array(["a lamp", "a bridge"])
    parts = {"a": texts.dictionary_encode(), "b": texts.cast("string_view"), "c": pyarrow.array([["a lamp"], ["b"]])}
    parquet.write_table(pyarrow.table({"prompt": texts, **parts}), tmp_path / "a.parquet")
    first = read_table(tmp_path / "a.parquet", "k").records[0].cells
    assert first == {"prompt": "a lamp", "a": "a lamp", "b": "a lamp", "c": ["a lamp"]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b'{"prompt": "a d\\ud800og"}', "line 1 cannot be used (half a character"),
        ("a.jsonl", b'{"prompt": "a", "seed": ' + b"1" * 5000 + b"}", "line 1 cannot be used (Exceeds the limit"),
        ("a.jsonl", b"[" * 100_000, "line 1 cannot be used (too many brackets)"),
        ("a.jsonl", b'{"prompt": "a", "prompt": "b"}', "line 1 cannot be used (it names 'prompt' twice)"),
        ("a.csv", b"prompt,seed\na lamp\n", "line 2 has 1 cells and the header 2"),
        ("a.csv", b"prompt,seed\na, b,1\n", "line 2 has 3 cells and the header 2"),
        ("a.csv", b"prompt,prompt\na,b\n", "its header names 'prompt' twice"),
        ("a.csv", b"prompt,seed\n", "holds no rows"),
        ("a.csv", b"", "holds no rows"),
        ("a.csv", b"prompt\ncaf\xe9\n", "is not UTF-8"),
        ("a.csv", pickle.dumps({"prompt": ["a"]}), "is not UTF-8"),
        (
            "a.pkl",
            pickle.dumps({"prompt": ["a"]}),
            ".pkl is not read; save it as one of .csv, .tsv, .jsonl, .parquet, .txt",
        ),
        ("a", b"prompt\na\n", "a file without suffix is not read"),
        ("a.jsonl", b'{"prompt": "a"}\n{"prompt": \n', "line 2 is no JSON"),
        ("a.jsonl", b'["a"]\n', "line 1 is no JSON object"),
        ("a.parquet", b"PAR1 and then nothing", "it is no whole Parquet file"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_table(tmp_path / name, "prompts.x.file")
    assert said in str(caught.value)
    assert "prompts.x.file=" in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    for path, said in ((tmp_path / "none.csv", "no such file"), (tmp_path, "it is a folder")):
        with pytest.raises(UserError, match=said):
            read_table(path, "prompts.x.file")
