"""The work list: names, screening, the file."""

from dataclasses import dataclass

import pytest

from erasepro.errors import UserError
from erasepro.generation import Row, make_worklist, read_worklist, write_worklist


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
