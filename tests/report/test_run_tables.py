"""Tables are written into a run's folder; a file of somebody's there stays."""

from __future__ import annotations

import pytest

from erasepro.errors import UserError
from erasepro.report.heading import TEMPLATES, format_heading
from erasepro.report.run_tables import write_tables
from erasepro.report.table import Table
from erasepro.results.settings import RunSettings

SETTINGS = RunSettings((("dog", "cat"),), "instance", "tiny", "uce", 2, 1.0, (0,), "test", (TEMPLATES,), {})
HEAD = format_heading(SETTINGS, "miniature/1", "uce")
TABLES = [Table("Title", ("a", "b"), (("1", "2"),))]


def test_its_own_tables_are_replaced(tmp_path):
    for head in (HEAD, HEAD.replace("uce", "erasepro")):
        write_tables(head, TABLES, tmp_path)
        assert (tmp_path / "tables.md").read_text().startswith(head)
    (tmp_path / "tables.txt").write_text("")
    write_tables(HEAD, TABLES, tmp_path)
    assert (tmp_path / "tables.txt").read_text().startswith(HEAD)


@pytest.mark.parametrize("name", ["tables.txt", "tables.md"])
def test_somebodys_own_tables_stay(tmp_path, name):
    (tmp_path / name).write_text("# Tables of my thesis\n")
    with pytest.raises(UserError, match="holds no tables of a run, so it is not replaced"):
        write_tables(HEAD, TABLES, tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "# Tables of my thesis\n")]
