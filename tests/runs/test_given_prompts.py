"""Prompts given in Python, as a prompt set of the command."""

import json
from pathlib import Path

import pytest

from erasepro.errors import UserError
from erasepro.runs.given_prompts import given_prompts


def rows_of(prompts):
    with given_prompts(prompts) as words:
        assert words[0] == "prompts=custom"
        file = Path(words[1].partition("=")[2].strip('"'))
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert not file.exists()
    return rows


def test_a_list_of_sentences_is_a_file_of_them():
    """What each is for is read off it as of a file's rows (tests/prompts/sets/test_purpose.py)."""
    assert rows_of(["a Dog and a cat", "by van gogh"]) == [{"prompt": "a Dog and a cat"}, {"prompt": "by van gogh"}]


def test_a_mapping_and_rows_say_it_themselves():
    assert rows_of({"dog": ["a", "b"], "fox": "c"}) == [
        {"prompt": "a", "concept": "dog"}, {"prompt": "b", "concept": "dog"}, {"prompt": "c", "concept": "fox"},
    ]  # fmt: skip
    assert rows_of([{"prompt": "a", "seed": 3, "concept": None}]) == [{"prompt": "a", "seed": 3}]


def test_an_option_and_a_file_are_those_of_the_command(tmp_path):
    with given_prompts("templates") as words:
        assert words == ["prompts=templates"]
    with given_prompts(None) as words:
        assert words == []
    (tmp_path / "own ones.txt").write_text("a dog\n")
    for given in (tmp_path / "own ones.txt", str(tmp_path / "own ones.txt")):
        with given_prompts(given) as words:
            assert words == ["prompts=custom", f'prompts.custom.file="{tmp_path / "own ones.txt"}"']


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("templtes", "Did you mean 'templates'"),
        ("none.csv", "no file 'none.csv'"),
        ("a dog", r"write prompts=\['a dog'\]"),
        ([], "holds no sentence"),
        ({}, "holds no sentence"),
        (3, "got 3"),
        ([3], "got 3"),
        ({"dog": [3]}, r"got \[3\]"),
        ([{"text": "a"}], "under 'prompt'"),
    ],
)
def test_nothing_else_is_taken(given, message):
    with pytest.raises(UserError, match=message) as info, given_prompts(given):
        pass
    assert "\n" not in str(info.value)
