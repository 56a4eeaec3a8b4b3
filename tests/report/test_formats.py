"""Where tables go and in which form: what the command's words say, and what lies there afterwards."""

import csv
import io

import pytest

from erasepro.errors import UserError
from erasepro.report.formats import FORMATS, Destination, read_destination, read_format, render, store
from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table

TABLES = [
    Table("First: a", ("method", "x ↓"), (("a", NumberCell("0.12", 0.123, 0.01, 9)), ("b", NumberCell("0.30", 0.3, n=9))),
          higher_is_better=(None, False)),
    Table("Second [b]", ("metric", "edited"), (("=evil", "–"),), "a note"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "out", "formats", "is_folder"),
    [
        (None, None, ("text",), False),
        ("latex", None, ("latex",), False),
        ("md", None, ("markdown",), False),
        (None, "a.tex", ("latex",), False),
        (None, "a.HTML", ("html",), False),
        (None, "a.htm", ("html",), False),
        (None, "a.txt", ("text",), False),
        ("csv", "a.csv", ("csv",), False),
        ("latex", "table", ("latex",), False),
        ("latex", "table.inc", ("latex",), False),
        ("latex", "tables/", ("latex",), True),
        (None, "tables/", tuple(FORMATS), True),
    ],
)
def test_the_words_say_where_and_how(form, out, formats, is_folder):
    destination = read_destination(form, out)
    assert (destination.formats, destination.is_folder) == (formats, is_folder)
    assert (destination.path is None) == (out is None)


def test_a_folder_that_is_there_needs_no_slash(tmp_path):
    assert read_destination(None, str(tmp_path)).is_folder


@pytest.mark.parametrize(
    ("form", "out", "message"),
    [
        ("latx", None, r"Unknown format 'latx'\. Did you mean 'latex'\? Known: csv, html, latex, markdown, text"),
        ("", None, "Unknown format ''"),
        ("pdf", "a.pdf", "Unknown format 'pdf'"),
        ("latex", "a.md", r"format=latex does not fit out='a\.md', whose ending says markdown: end it in \.tex"),
        (None, "a.pdf", r"out='a\.pdf' tells no format: end it in \.txt, \.md, \.html, \.tex, \.csv"),
        (None, "table", "or out=table/ for a folder"),
        (None, "", "The name of out is empty"),
        (None, "a\x1b.tex", "control character"),
    ],
)
def test_words_that_say_nothing_clear_are_refused(form, out, message):
    with pytest.raises(UserError, match=message) as caught:
        read_destination(form, out)
    assert "\n" not in str(caught.value)


def test_an_ending_is_a_formats_name_too():
    assert [read_format(word) for word in ("tex", "md", "txt", "html", ".csv")] == [
        "latex", "markdown", "text", "html", "csv",
    ]  # fmt: skip


@pytest.mark.parametrize("form", list(FORMATS))
def test_one_text_holds_every_table(form):
    shown = render(TABLES, form, "" if form == "csv" else "dog → cat · <b>")
    assert "First: a" in shown
    assert "Second" in shown
    assert "<b> " not in shown
    if form == "html":
        assert "dog &#8594; cat · &lt;b&gt;".replace("·", "&#183;") in shown
        assert shown.isascii()
    elif form != "csv":
        assert "dog → cat" in shown


def test_latex_reads_the_heading_as_a_comment():
    lines = render(TABLES, "latex", "dog → cat\n\\input{x}").splitlines()
    assert lines[1] == "% dog → cat\\n\\input{x}"


def test_csv_lists_the_cells_of_tables_whose_columns_differ():
    rows = list(csv.DictReader(io.StringIO(render(TABLES, "csv"))))
    assert [(row["table"], row["row"], row["column"], row["value"]) for row in rows] == [
        ("First: a", "a", "x ↓", "0.123"), ("First: a", "b", "x ↓", "0.3"), ("Second [b]", "'=evil", "edited", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("form", list(FORMATS))
def test_a_file_is_written_and_written_again(form, tmp_path):
    path = tmp_path / "new" / f"out{FORMATS[form][0]}"
    destination = read_destination(None, str(path))
    for heading in ("first", "second"):
        assert store(TABLES, destination, heading) == [path]
        assert path.read_text(encoding="utf-8") == render(TABLES, form, heading)


def test_a_folder_has_a_file_a_table(tmp_path):
    folder = tmp_path / "tables"
    for _ in range(2):
        paths = store(TABLES, read_destination(None, f"{folder}/"))
        assert sorted(path.name for path in paths) == sorted(
            f"{name}{endings[0]}" for name in ("first", "second") for endings in FORMATS.values()
        )
    assert sorted(folder.iterdir()) == sorted(paths)
    assert (folder / "first.csv").read_text() == TABLES[0].csv()
    assert TABLES[0].latex() in (folder / "first.tex").read_text()
    (tex,) = store(TABLES[:1], read_destination("latex", f"{tmp_path / 'one'}/"))
    assert [path.name for path in tex.parent.iterdir()] == ["first.tex"]


@pytest.mark.parametrize("name", ["a.tex", "a.md", "a.html", "a.csv", "a.txt"])
def test_somebodys_own_file_is_not_replaced(name, tmp_path):
    path = tmp_path / name
    path.write_text("my thesis")
    with pytest.raises(UserError, match="holds no tables of a report, so it is not replaced"):
        store(TABLES, read_destination(None, str(path)))
    assert path.read_text() == "my thesis"
    path.write_text("")
    store(TABLES, read_destination(None, str(path)))
    assert path.stat().st_size > 0


def test_nothing_is_written_where_one_file_is_somebodys_own(tmp_path):
    (tmp_path / "second.tex").write_text("mine")
    with pytest.raises(UserError, match=r"second\.tex"):
        store(TABLES, Destination(("latex",), tmp_path, is_folder=True))
    assert [path.name for path in tmp_path.iterdir()] == ["second.tex"]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for out in (f"{tmp_path}/file/a.tex", f"{tmp_path}/file/a/"):
        with pytest.raises(UserError, match=r"Cannot write .*file.*: .*; give another place") as caught:
            store(TABLES, read_destination("latex", out))
        assert "\n" not in str(caught.value)
    (tmp_path / "folder.tex").mkdir()
    with pytest.raises(UserError, match="is no file"):
        store(TABLES, Destination(("latex",), tmp_path / "folder.tex"))
