"""``erasepro work``: mistakes; what it makes is in `test_study` and tests/study/test_workers."""

import pytest

from erasepro.cli.main import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "work takes one study's folder"),
        (["a", "b"], "work takes one study's folder"),
        (["gone"], "No folder"),
        (["."], "holds no study"),
        ([".", "wait=no"], "Bad value for 'wait': got 'no', allowed: true, false"),
    ],
)
def test_mistakes_are_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["work", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
