"""Text that fits the terminal."""

import pytest

from erasepro.runtime.terminal import definition_list, terminal_width, wrapped


@pytest.mark.parametrize(("columns", "width"), [("160", 160), ("80", 80), ("7", 40), ("", 80), ("many", 80)])
def test_the_width_is_that_of_columns_and_80_without_a_terminal(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.__stdout__", None)
    assert terminal_width() == width


def test_every_line_fits_and_a_word_to_paste_stays_whole():
    rows = {"a": "word " * 40, "much/longer/than/a/third/of/the/width": "what it is", "none": ""}
    lines = definition_list(rows, 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("a     word")
    assert lines[1].startswith("      word")
    assert lines[lines.index("much/longer/than/a/third/of/the/width") + 1] == "      what it is"
    assert lines[-1] == "none"
    assert wrapped("see https://example.org/" + "x" * 90, 60).splitlines()[1] == "https://example.org/" + "x" * 90
