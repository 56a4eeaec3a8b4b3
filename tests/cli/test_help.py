"""``erasepro help``: the same page as ``--help``, and the lines about one verb."""

import os
import re
import shlex

import pytest

from erasepro.cli.edit import KEYS as EDIT_KEYS
from erasepro.cli.export import OPTIONS as EXPORT_OPTIONS
from erasepro.cli.ls import LISTINGS
from erasepro.cli.main import main
from erasepro.cli.options import read_options
from erasepro.cli.tune import KEYS as TUNE_KEYS
from erasepro.cli.verb_help import EXAMPLES, VERB_HELP
from erasepro.cli.verbs import VERBS
from erasepro.config.sweep_jobs import sweep_jobs
from erasepro.runs.resolve import compose


def test_help_is_the_page_of_the_flag(capsys):
    assert main(["help"]) == 0
    page = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == page
    assert "solver" in page


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_lines(verb, capsys):
    assert main(["help", verb]) == 0
    assert capsys.readouterr().out.startswith(f"erasepro {verb} ")
    assert main([verb, "--help"]) == 0


def test_the_own_words_of_a_verb_are_named(capsys):
    own = {"edit": ("out=FOLDER", "force=true"), "export": ("format=", "out=PATH", "base=", "rank=", "strength=")}
    for verb, words in own.items():
        main(["help", verb])
        page = capsys.readouterr().out
        assert [word for word in words if word not in page] == []


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in ([], *([verb] for verb in VERBS)):
        assert main(["help", *words]) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if len(line) > columns and " " in line.strip()] == []


def test_without_a_terminal_it_is_80_columns(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("shutil.get_terminal_size", os.terminal_size)
    assert main(["help"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) in range(60, 81)


def test_a_verbs_own_words_stand_there_with_their_defaults(capsys):
    own = {"tune": TUNE_KEYS, "edit": EDIT_KEYS, "export": EXPORT_OPTIONS, "ls": LISTINGS}
    for verb, words in own.items():
        named = " ".join(f"{word} {default} {meaning}" for word, default, meaning in VERB_HELP[verb].words)
        assert [word for word in words if not re.search(rf"\b{word}\b", named)] == []
    main(["help", "tune"])
    assert "(default: 24)" in capsys.readouterr().out


def test_every_verb_has_an_example_of_itself(capsys):
    assert set(VERB_HELP) == set(VERBS)
    for verb, about in VERB_HELP.items():
        assert about.examples
        assert all(example.startswith(f"erasepro {verb}") for example in about.examples)


def test_the_examples_of_runs_compose():
    for line, _ in EXAMPLES:
        words = shlex.split(line)[1:]
        options = read_options([word for word in words if "FOLDER" not in word and "path" not in word])
        for job in sweep_jobs([word for word in options.overrides if "pairs.csv" not in word]):
            compose(job)


def test_help_about_nothing_is_one_line(capsys):
    assert main(["help", "scor"]) == 2
    assert "Did you mean 'score'?" in capsys.readouterr().err
    assert main(["help", "ls", "edit"]) == 2
