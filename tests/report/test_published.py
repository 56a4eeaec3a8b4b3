"""Published values beside ours: where they stand, what is empty, and what is refused."""

import pytest

from erasepro.errors import UserError
from erasepro.report.number_cell import NumberCell
from erasepro.report.published import Published, plain_name, with_published
from erasepro.report.table import Table


def number(value, stderr=None, n=0):
    return NumberCell(f"{value:.3f}", value, stderr, n)


TABLE = Table(
    "T",
    ("method", "top1 ↓", "retention (edited/original) ↑ all"),
    (("uce", number(0.25, 0.02, 40), number(0.9)), ("ace", number(0.1), "–"), ("speed", number(0.4), number(0.8))),
    "our note",
    higher_is_better=(None, False, True),
)


def test_published_and_the_difference_stand_behind_the_column():
    table = with_published(TABLE, Published({"uce": {"top1": 0.12}, "ace": {"top1": "0.10"}}, "Paper, table 2"))
    assert table.header == ("method", "top1 ↓", "published", "Δ", "retention (edited/original) ↑ all")
    assert table.rows[0][:4] == ("uce", "0.250", "0.12", "+0.130")
    assert table.rows[1][:4] == ("ace", "0.100", "0.10", "+0.000"), "a text keeps its digits"
    assert table.rows[2][:4] == ("speed", "0.400", "–", "–"), "nothing is known of it"
    assert table.note == "our note\npublished: Paper, table 2. Δ: ours minus published."
    assert table.higher_is_better == (None, False, None, None, True)
    difference = table.rows[0][3]
    assert (difference.value, difference.stderr, difference.n) == (pytest.approx(0.13), 0.02, 40)
    assert with_published(TABLE, Published({}, "Paper")) == TABLE


def test_columns_are_named_with_or_without_arrow_and_parentheses():
    values = {"uce": {"top1 ↓": 0.5, "retention all": 1}, "ace": {"retention (edited/original) ↑ all": 0.95}}
    table = with_published(TABLE, Published(values, {"uce": "A", "ace": "B"}))
    assert table.header[2:4] == ("published top1", "Δ top1")
    assert table.header[5:] == ("published retention all", "Δ retention all")
    assert table.rows[0][3] == "-0.250"
    assert table.rows[1][4:] == ("–", "0.95", "–"), "ours is not known, theirs is"
    assert table.note.endswith("published: uce: A; ace: B. Δ: ours minus published.")
    assert plain_name("nudenet (images) ↓ [mace/1]") == "nudenet"


def test_a_method_without_a_run_is_named():
    table = with_published(TABLE, Published({"mace": {"top1": 0.3}}, "Paper"))
    assert {row[2:4] for row in table.rows} == {("–", "–")}
    assert table.note == "our note\nPublished, without a row of that name: mace."


def test_a_row_of_several_key_columns_is_named_by_all_of_them():
    table = Table("T", ("solver", "ridge", "top1 ↓"), (("uce", "1", number(0.5)), ("uce", "2", number(0.25))), keys=2,
                  higher_is_better=(False,))  # fmt: skip
    shown = with_published(table, Published({"uce 2": {"top1": 0.2}}, "Paper"))
    assert [row[3:] for row in shown.rows] == [("–", "–"), ("0.2", "+0.050")]
    assert shown.directions == (None, None, False, None, None)


def test_every_form_shows_it_as_text():
    table = with_published(TABLE, Published({"uce": {"top1": 0.12}}, "<script>alert(1)</script> & co"))
    assert "<script>" not in table.html()
    assert r"\& co" in table.latex()
    assert r"& 0.12 & +0.130 &" in table.latex()
    assert "top1 ↓,top1 ↓ stderr,top1 ↓ n,published,Δ,Δ stderr,Δ n," in table.csv()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"uce": {"topp1": 0.1}}, r"'topp1' is of no column\. Did you mean 'top1'\? Columns: top1, retention all"),
        ({"uce": {"method": 0.1}}, "'method' is of no column"),
    ],
)
def test_a_name_that_is_no_columns_is_refused(values, message):
    with pytest.raises(UserError, match=message):
        with_published(TABLE, Published(values, "Paper"))


def test_a_name_of_two_columns_is_refused():
    table = Table("T", ("method", "nudenet ↓ [mace/1]", "nudenet ↓ [trce/1]"), (("a", number(1.0), number(2.0)),))
    with pytest.raises(UserError, match=r"several columns: write 'nudenet ↓ \[mace/1\]' or"):
        with_published(table, Published({"a": {"nudenet": 3}}, "Paper"))
    shown = with_published(table, Published({"a": {"nudenet ↓ [trce/1]": 3}}, "Paper"))
    assert shown.header[3:] == ("published", "Δ")


def test_it_is_read_of_yaml():
    node = {"source": "Paper", "values": {"uce": {"top1": 0.1, "kid": None}, "ace": {"top1": "0.20"}, "mace": {}}}
    published = Published.of(node)
    assert published == Published({"uce": {"top1": 0.1}, "ace": {"top1": "0.20"}, "mace": {}}, "Paper")
    own = Published.of({"source": {"uce": "A"}, "values": {"uce": {"top1": 1}}})
    assert own.source == {"uce": "A"}
    assert Published.of({}) == Published({}, "")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ([1], "Bad value for 'published'"),
        ({"sources": "A"}, "Bad value for 'published'"),
        ({"source": "A", "values": {"uce": 0.1}}, r"Bad value for 'published\.values'"),
        ({"source": "A", "values": {"uce": {"top1": "high"}}}, r"'published\.values\.uce\.top1': got 'high'"),
        ({"source": "A", "values": {"uce": {"top1": True}}}, "a number is expected"),
        ({"source": "A", "values": {"uce": {"top1": float("nan")}}}, "a number is expected"),
        ({"values": {"uce": {"top1": 0.1}}}, "values of uce have no source"),
        ({"source": {"ace": "A"}, "values": {"uce": {"top1": 0.1}}}, "values of uce have no source"),
    ],
)
def test_another_form_is_refused(node, message):
    with pytest.raises(UserError, match=message):
        Published.of(node)
