"""What ``erasepro tune`` refuses before it loads anything; a whole search is in ``tests/study/test_tune.py``."""

import pytest

from erasepro.cli.main import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["solver=nothing"], "Unknown solver to tune"),
        (["solver=uce,uce"], "once each"),
        (["trials=3"], "'trials'"),
        (["pictures=0"], "'pictures'"),
        (["hours=-1"], "'hours'"),
        (["hours=soon"], "'hours'"),
        (["write=yes"], "'write'"),
        (["sets=[mini/dev_2]"], "mini/dev_2"),
        (["concepts=mini/instance_5"], "cannot be given to tune"),
        (["solver.ridge=2"], "cannot be given to tune"),
        (["model=none"], "none"),
        (["trials=4", "trials=5"], "given twice"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_folder(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tune", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
