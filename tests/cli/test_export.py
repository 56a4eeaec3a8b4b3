"""The verb: one line of output where the terminal is wide enough, one line of error."""

import pytest

from erasepro.cli.main import main


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "2000")


@pytest.fixture
def saved(sd1, tmp_path):
    return str(sd1.edit.save(tmp_path / "edit"))


def test_every_format(sd1, saved, tmp_path, capsys):
    for words, told, stage in (
        (["out=" + str(tmp_path / "lora")], "negative strength", "Making factors: 16 layers"),
        (["format=kohya", f"out={tmp_path}/a.safetensors", "rank=8", "strength=0.5"], "rank 1 to 4", "Making factors"),
        (["format=diffusers", f"out={tmp_path}/whole", f"base={sd1.folder}"], "diffusers, 16 weights", "Writing weights"),
        (["format=single_file", f"out={tmp_path}/b.safetensors", f"base={sd1.folder}"], "single_file, 16", "Writing weights"),
    ):
        assert main(["export", saved, *words]) == 0
        out, err = capsys.readouterr()
        assert out.count("\n") == 1
        assert told in out
        assert stage in err
    assert (tmp_path / "lora" / "pytorch_lora_weights.safetensors").is_file()
    assert (tmp_path / "whole" / "model_index.json").is_file()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_line_is_wrapped(saved, tmp_path, capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.chdir(tmp_path)
    assert main(["export", saved, "out=lora"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= width


def test_a_runs_folder_will_do(sd1, tmp_path, capsys):
    sd1.edit.save(tmp_path / "run" / "edit")
    assert main(["export", str(tmp_path / "run"), f"out={tmp_path}/lora"]) == 0
    assert "lora, 16 weights" in capsys.readouterr().out


def test_mistakes(saved, tmp_path, capsys):
    out = f"out={tmp_path}/x"
    for words, told in (
        ([], "takes the folder of one edit"),
        ([saved, saved, out], "takes the folder of one edit"),
        ([saved], "needs out="),
        ([saved, out, "rnak=3"], "Did you mean 'rank'"),
        ([saved, out, "rank=x"], "expected a whole number"),
        ([saved, out, "strength=2"], "[0, 1]"),
        ([saved, out, "strength=x"], "expected a number"),
        ([saved, out, "format=diffusers"], "needs base="),
        ([str(tmp_path / "nothing"), out], "holds no edit"),
    ):
        assert main(["export", *words]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["edit"]
