"""``erasepro grid``: several runs' pictures side by side, of shared prompts alone, and only those that were counted."""

import shutil

import pytest
from PIL import Image

from erasepro.cli.main import main

TINY = ["debug=tiny", "tracker=none", "outputs.progress=false"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs of one model: ErasePro's and UCE's."""
    place = tmp_path_factory.mktemp("runs")
    made = []
    for solver in ("erasepro", "uce"):
        assert main([*TINY, f"outputs.dir={place}", f"solver={solver}"]) == 0
        made += [path for path in place.iterdir() if path.name[0] != "." and path not in made]
    return made


def lines(capsys, *words):
    status = main(["grid", *map(str, words)])
    out = capsys.readouterr()
    return status, out.out + out.err


def test_a_column_a_method_and_a_row_a_shared_prompt(runs, tmp_path, capsys):
    first, second = runs
    status, text = lines(capsys, first, second, f"out={tmp_path / 'g.png'}", "rows=3", "across=1")
    assert status == 0, text
    assert "3 pictures each: original, erasepro, uce" in text
    with Image.open(tmp_path / "g.png") as picture:
        width, height = picture.size
    assert 3 * 160 < width < 4 * 160
    assert height > 3 * 160


def test_by_solver_a_row_is_a_method_and_a_column_a_prompt(runs, tmp_path, capsys):
    status, text = lines(capsys, *runs, f"out={tmp_path / 'g.png'}", "rows=5", "by=solver")
    assert status == 0, text
    with Image.open(tmp_path / "g.png") as picture:
        width, height = picture.size
    assert 5 * 160 < width < 7 * 160
    assert 3 * 160 < height < 5 * 160


def test_runs_of_one_method_are_told_apart_by_their_folders(runs, tmp_path, capsys):
    second = runs[1]
    copy = tmp_path / "copy-of-the-run"
    shutil.copytree(second, copy)
    status, text = lines(capsys, second, copy, f"out={tmp_path / 'g.png'}")
    assert status == 0, text
    assert f"original, {second.name}, copy-of-the-run" in text


def test_pictures_that_were_not_counted_are_refused(runs, tmp_path, capsys):
    first, second = runs
    copy = tmp_path / "copy"
    shutil.copytree(first, copy)
    picture = next((copy / "images" / "edited").glob("*.png"))
    shutil.copy(next((second / "images" / "edited").glob("*.png")), picture)
    status, text = lines(capsys, copy, f"out={tmp_path / 'g.png'}", "rows=100")
    assert status == 2
    assert "gone or damaged" in text
    assert not (tmp_path / "g.png").exists()
    shutil.copytree(second / "images", copy / "images", dirs_exist_ok=True)
    status, text = lines(capsys, copy, f"out={tmp_path / 'g.png'}")
    assert status == 2
    assert "not those that its results were counted on" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "grid takes run folders"),
        (["nowhere"], "No folder 'nowhere'"),
        (["rows=0"], "whole number from 1 to 1000"),
        (["across=x"], "whole number from 1 to 1000"),
        (["out=picture.jpg"], "ends in .png"),
        (["by=solvr"], "Unknown value of by 'solvr'. Did you mean 'solver'?"),
        (["by=solver", "across=2"], "across= is of by=prompt"),
    ],
)
def test_mistakes_are_one_line(runs, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    given = words if words in ([], ["nowhere"]) else [runs[0], *words]
    status, text = lines(capsys, *given)
    assert status == 2
    assert len(text.splitlines()) == 1
    assert said in text
    assert not list(tmp_path.iterdir())
