"""``erasepro help``: the same page as ``--help``, and the lines about one verb."""

import pytest

from erasepro.cli.main import main
from erasepro.cli.verbs import VERBS


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


def test_help_about_nothing_is_one_line(capsys):
    assert main(["help", "scor"]) == 2
    assert "Did you mean 'score'?" in capsys.readouterr().err
    assert main(["help", "ls", "edit"]) == 2
