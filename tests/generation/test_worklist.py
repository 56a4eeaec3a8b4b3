"""The work list: names, screening, the file."""

import os
from dataclasses import dataclass, replace

import pytest

from erasepro.errors import UserError
from erasepro.generation import Row, make_worklist, read_worklist, write_worklist
from erasepro.generation.worklist import hash_rows, is_written


@dataclass(frozen=True)
class Prompt:
    id: str
    prompt: str
    concept: str = "dog"
    role: str = "target"
    phrasing: str = "plain"
    expected_concept: str = "cat"
    style: str | None = None


def test_every_prompt_with_every_seed_and_its_facts():
    rows = make_worklist([Prompt("p0", "a dog"), Prompt("p1", "a red dog", phrasing="complex")], [3, 5])
    assert [row.name for row in rows] == ["p0_3", "p0_5", "p1_3", "p1_5"]
    assert (rows[2].concept, rows[2].expected_concept, rows[2].phrasing) == ("dog", "cat", "complex")


def test_prompts_that_mention_a_minor_are_left_out_and_counted(tmp_path):
    rows = make_worklist([Prompt("p0", "a dog"), Prompt("p1", "a child with a dog")], [0, 1])
    assert [row.id for row in rows] == ["p0", "p0"]
    assert rows.dropped == 2

    class Prompts(list):
        dropped = 3

    assert make_worklist(Prompts([Prompt("p0", "a dog")]), [0, 1]).dropped == 6
    write_worklist(tmp_path / "rows.jsonl", [*rows, Row("p9", "a young girl", 0)])
    assert read_worklist(tmp_path / "rows.jsonl").dropped == 1


def test_the_file_gives_the_rows_back(tmp_path):
    rows = make_worklist([Prompt("p0", "a „dog“ – drawn", style="ink")], [0, 1])
    write_worklist(tmp_path / "rows.jsonl", rows)
    assert read_worklist(tmp_path / "rows.jsonl").rows == rows.rows
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize("bad", ["../up", "a/b", "", ".hidden", "x" * 200])
def test_an_id_must_be_a_file_name(bad):
    with pytest.raises(UserError, match="cannot be a file name"):
        Row(bad, "a dog", 0)


def test_mistakes_are_named(tmp_path):
    with pytest.raises(UserError, match=r"named 'p0_1'"):
        make_worklist([Prompt("p0", "a dog"), Prompt("p0", "a cat")], [1])
    with pytest.raises(UserError, match=r"generation\.seeds"):
        make_worklist([Prompt("p0", "a dog")], [])
    with pytest.raises(UserError, match="Seed -1"):
        make_worklist([Prompt("p0", "a dog")], [-1])
    (tmp_path / "bad.jsonl").write_text('{"id": "a", "prompt": "b", "seed": 1}\n{"id": 3\n')
    with pytest.raises(UserError, match=r"bad\.jsonl, line 2"):
        read_worklist(tmp_path / "bad.jsonl")
    with pytest.raises(UserError, match="Cannot read the work list"):
        read_worklist(tmp_path / "none.jsonl")
    for line in ('{"id": "a", "prompt": 5, "seed": 1}', '{"id": "a", "prompt": ["a dog"], "seed": 1}', "[1]"):
        (tmp_path / "bad.jsonl").write_text(line)
        with pytest.raises(UserError, match=r"bad\.jsonl, line 1: not a work-list row"):
            read_worklist(tmp_path / "bad.jsonl")


def test_the_file_of_other_rows_is_told_from_its_own(tmp_path):
    path, rows = tmp_path / "rows.jsonl", [Row("a", "a café", 0, role="target"), Row("b", "a dog", 1, guidance=7)]
    assert not is_written(path, rows)
    write_worklist(path, rows)
    assert is_written(path, rows)
    assert hash_rows(read_worklist(path)) == hash_rows(rows)
    for other in (rows[:1], rows[::-1], [replace(rows[0], role="retain"), rows[1]], [rows[0], replace(rows[1], guidance=7.5)]):
        assert not is_written(path, other)
        assert hash_rows(other) != hash_rows(rows)
    path.unlink()
    os.mkfifo(path)
    assert not is_written(path, rows)
    with pytest.raises(UserError, match=r"rows\.jsonl': it is no file"):
        read_worklist(path)
