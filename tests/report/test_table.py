"""One table in five forms: any text is itself in each, and the best cells are marked."""

import csv
import dataclasses
import html
import io
from html.parser import HTMLParser

import pytest

from erasepro.report.number_cell import NumberCell
from erasepro.report.ranks import LEGEND
from erasepro.report.table import Table

HOSTILE = """<script>alert("1")</script> 'x' שלום |*_` \u202eevil"""


def number(value):
    return NumberCell(f"{value:.3f}", value)


RANKED = Table(
    "T",
    ("method", "top1 ↓", "n"),
    (("a", number(0.1), "3"), ("b", number(0.2), "3"), ("c", number(0.3), "3")),
    "note",
    higher_is_better=(None, False, None),
)


def test_best_is_bold_and_second_underlined_where_a_form_has_such():
    assert "| a | **0.100** | 3 |\n| b | <u>0.200</u> | 3 |\n| c | 0.300 | 3 |" in RANKED.markdown()
    shown = RANKED.html()
    assert RANKED._repr_html_() == shown, "a notebook shows it"
    assert "<b>0.100</b>" in shown
    assert "<u>0.200</u>" in shown
    assert ">0.300<" in shown
    assert r"\textbf{0.100}" in RANKED.latex()
    for form in (RANKED.markdown(), shown, RANKED.latex()):
        assert form.count(LEGEND) == 1
    assert LEGEND not in RANKED.text()
    assert "**" not in RANKED.text()


def test_a_table_without_directions_is_unmarked():
    plain = Table(RANKED.title, RANKED.header, RANKED.rows, RANKED.note)
    for form in (plain.markdown(), plain.html(), plain.latex()):
        assert LEGEND not in form
    assert "**0.1" not in plain.markdown()


def test_directions_are_of_the_last_columns():
    cells = number(0.1), number(0.2)
    table = Table("T", ("solver", "ridge", "x"), (("a", "1", cells[0]), ("a", "2", cells[1])), keys=2, higher_is_better=(True,))
    assert table.directions == (None, None, True)
    assert set(table.ranks) == {(0, 2), (1, 2)}
    assert dataclasses.replace(table, header=("x",), rows=((cells[0],), (cells[1],))).ranks.keys() == {(0, 0), (1, 0)}
    with pytest.raises(ValueError, match="2 directions for 1 columns"):
        Table("T", ("a",), (), higher_is_better=(True, False))


class Words(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self):
        super().__init__()
        self.tags, self.words = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_html_stands_alone_and_shows_hostile_text_as_text():
    shown = Table(HOSTILE, (HOSTILE, "n"), ((HOSTILE, "1"),), HOSTILE).html()
    assert shown.isascii(), "it is read the same under any charset"
    page = Words()
    page.feed(shown)
    assert page.tags == {"div", "table", "caption", "b", "thead", "tr", "th", "tbody", "td", "p"}
    words = HOSTILE.replace("\u202e", "\\u202e")
    assert page.words.count(words) == 4
    assert html.unescape(shown).count("שלום") == 4


@pytest.mark.parametrize("form", ["text", "markdown", "html", "latex", "csv"])
def test_no_form_turns_the_direction_of_text(form):
    table = Table(HOSTILE, (HOSTILE, "n"), ((HOSTILE, "1"),), HOSTILE)
    assert "\u202e" not in getattr(table, form)()


def test_csv_has_numbers_in_full():
    table = Table("T", ("method", "x"), (("a", NumberCell("0.12", 0.123456, 0.01, 9)),))
    (row,) = csv.DictReader(io.StringIO(table.csv()))
    assert row == {"method": "a", "x": "0.123456", "x stderr": "0.01", "x n": "9"}


def test_every_form_is_written(tmp_path):
    paths = RANKED.write(tmp_path / "stem")
    assert [path.name for path in paths] == ["stem.txt", "stem.md", "stem.html", "stem.tex", "stem.csv"]
    assert [path.read_text(encoding="utf-8") for path in paths[1:]] == [
        RANKED.markdown(), RANKED.html(), RANKED.latex(), RANKED.csv(),
    ]  # fmt: skip
