"""``erasepro page``."""

import pytest

from erasepro.cli.main import main
from erasepro.report.web_page.web_page import SIGN
from tests.report.made_runs import erased, kept, make_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [str(make_run(tmp_path / name, name, ("dog", "cat"), names)) for name, names in (("uce", kept), ("oce", erased))]


def test_runs_become_one_file_which_is_replaced_by_the_next(runs, tmp_path, capsys):
    assert main(["page", *runs]) == 0
    first = (tmp_path / "page.html").read_text()
    assert SIGN in first
    assert "Page: page.html (0." in capsys.readouterr().out
    assert main(["page", *runs]) == 0
    assert (tmp_path / "page.html").read_text() == first
    assert main(["page", runs[0], "out=deep/one.html", "rows=3"]) == 0
    assert (tmp_path / "deep" / "one.html").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "page takes a study's folder, or run folders"),
        (["nowhere"], "No folder 'nowhere': give a run's folder"),
        (["uce", "out=page.txt"], "Bad value for 'out': got 'page.txt', a page's name ends in .html."),
        (["uce", "rows=0"], "Bad value for 'rows': got '0', allowed: whole numbers from 1 to 200."),
        (["uce", "sensitive=no"], "Bad value for 'sensitive': got 'no', allowed: click, never."),
        (["uce", "out=own.html"], "'own.html' is no page of erasepro, so it is not replaced"),
        (["uce", "out=uce/results.json/page.html"], "Cannot write"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(runs, tmp_path, capsys, words, message):
    (tmp_path / "own.html").write_text("<html>mine</html>")
    assert main(["page", *words]) == 2
    err = capsys.readouterr().err.strip()
    assert message in err
    assert "\n" not in err.replace("Making the page …\n", "")
    assert (tmp_path / "own.html").read_text() == "<html>mine</html>"
    assert not (tmp_path / "page.html").exists()
