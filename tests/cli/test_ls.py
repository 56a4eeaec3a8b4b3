"""What ``erasepro ls`` prints fits the terminal, and says of each name what it is."""

import re

import pytest

from erasepro.cli.ls import LISTINGS, _file, _first_line, describe
from erasepro.cli.main import main
from erasepro.concepts.miniature.names import NAMES, STYLES, SYNONYMS
from erasepro.config.paths import groups, listing, options
from erasepro.solvers import SOLVERS


def shown(capsys, monkeypatch, kind, width=80):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["ls", kind]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", LISTINGS)
@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_line_fits_but_for_a_word_to_paste(capsys, monkeypatch, kind, width):
    for line in shown(capsys, monkeypatch, kind, width).splitlines():
        assert len(line) <= width or len(line.split()) == 1, line


@pytest.mark.parametrize("kind", LISTINGS)
def test_every_name_has_its_line(capsys, monkeypatch, kind):
    out = shown(capsys, monkeypatch, kind)
    for name, text in describe(kind).items():
        assert re.search(rf"^{re.escape(name)}(  |$)", out, re.MULTILINE), name
        assert text.split()[0] in out


def test_methods_and_presets_are_apart(capsys, monkeypatch):
    methods, presets = shown(capsys, monkeypatch, "solvers").split("Presets, ")
    for name in SOLVERS.names():
        assert re.search(rf"^{name}  ", methods, re.MULTILINE)
        assert not re.search(rf"^{name}  ", presets, re.MULTILINE)
    for name in set(options("solver")) - set(SOLVERS.names()):
        assert re.search(rf"^{name}  ", presets, re.MULTILINE)
        assert describe("solvers")[name] == _first_line(_file("solver", name)) != ""


def test_the_vocabulary_is_all_that_the_miniature_draws(capsys, monkeypatch):
    listed = describe("vocabulary")
    words = ", ".join(listed.values())
    assert {*re.split(r", ", re.sub(r" \([^)]*\)", "", words))} == {*NAMES, *STYLES}
    for synonym, name in SYNONYMS.items():
        assert re.search(rf"\b{name} \({synonym}\)", words)
    assert list(listed) == ["animal", "food", "vehicle", "object", "person", "style"]
    assert "concepts.pairs" in shown(capsys, monkeypatch, "vocabulary")


def test_a_name_that_is_not_drawn_is_answered_with_the_vocabulary(capsys):
    assert main(["concepts.pairs=[[dogg,cat]]"]) == 2
    error = capsys.readouterr().err
    assert "Did you mean 'dog'?" in error
    assert "erasepro ls vocabulary" in error


def test_every_group_with_options_has_its_list(capsys, monkeypatch):
    for group in (group for group, names in groups().items() if names):
        kind = listing(group).split()[-1]
        assert listing(group) == f"erasepro ls {kind}"
        assert kind in LISTINGS
    assert list(describe("generation")) == options("generation")
    assert re.search(r"^quick +A first look, too small to report", shown(capsys, monkeypatch, "generation"), re.MULTILINE)
