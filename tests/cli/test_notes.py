"""Options of a verb that are given twice are no option."""

import pytest

from erasepro.cli.main import main
from erasepro.cli.notes import own_options
from erasepro.errors import UserError


def test_one_of_each():
    assert own_options(["DIR", "out=x", "solver=uce", "force=true"], ("out", "force")) == {"out": "x", "force": "true"}
    with pytest.raises(UserError, match="out= is given twice, 'x' and 'y': keep one of them"):
        own_options(["out=x", "out=y"], ("out",))


@pytest.mark.parametrize(
    "words",
    [
        ["export", "DIR", "out=x", "out=y"],
        ["edit", "debug=tiny", "out=x", "out=y"],
        ["verify", "DIR", "model=tiny", "model=sd14"],
    ],
)
def test_no_verb_takes_the_last_without_a_word(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DIR").mkdir()
    (tmp_path / "DIR" / "edit.json").write_text("{}")
    assert main(words) == 2
    assert "is given twice" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["DIR"]
