"""``erasepro edit`` as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

import erasepro
from erasepro.cli.main import main
from erasepro.models.tiny import tiny_pipeline


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline(seed=3, length=77).save_pretrained(folder)
    return folder


def test_an_edit_from_disk_is_the_edit_of_the_loaded_model(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status = main(["edit", "model=sd15", f"model.source={model}", "concepts.pairs=[[dog,cat]]", "out=made"])
    told = capsys.readouterr()
    assert status == 0, told.err
    assert "dog → cat · sd15 · erasepro" in told.out
    assert "Read of unet: 0." in told.out
    assert re.search(r"worst site: [\d.e-]+ over the \d+\.\d\d% of columns that are exactly constrained,", flat(told.out))
    assert "These hold at strength 1" not in told.out
    made = erasepro.Edit.load(tmp_path / "made")
    loaded = erasepro.load_model(str(model))
    assert made.hash == erasepro.erase(loaded, {"dog": "cat"}).hash
    made.apply(loaded.pipe)
    assert json.loads((tmp_path / "made" / "edit.json").read_text())["meta"]["model"]["source"] == str(model)
    assert main(["edit", f"model.source={model}", "model=sd15", "out=made"]) == 2
    assert "holds an edit already: choose another out=FOLDER, or add force=true" in capsys.readouterr().err


def flat(text):
    return " ".join(text.split())


def test_residuals_of_another_strength_and_of_least_squares_are_named_so(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = ["edit", "model=sd15", f"model.source={model}", "concepts.pairs=[[dog,cat]]", "solver=uce", "strength=0.5"]
    assert main([*source, "out=made"]) == 0
    told = flat(capsys.readouterr().out)
    assert re.search(r"worst site: [\d.e-]+ \(not exact\) over the 100\.00% of columns that are selected,", told)
    assert "These hold at strength 1; this edit has strength 0.5." in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["solver=nope"], "nope"),
        (["model=sd15", "model.source=nowhere"], "No such model folder"),
        (["force=maybe"], "Bad value for 'force'"),
        (["out=file"], "cannot use 'file'"),
        (["concepts.pairs=[[dog,dog]]"], "dog"),
    ],
)
def test_mistakes_are_one_line_before_any_work(words, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["edit", *words]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.strip().splitlines()) == 1
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("words", [["out=."], ["out=.", "force=false"], ["out="], ["out=", "force=true"]])
def test_a_folder_with_somebodys_own_readme_is_refused_before_any_work(words, tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text("# My project\n")
    monkeypatch.chdir(tmp_path)
    assert main(["edit", "debug=tiny", *words]) == 2
    assert ("README.md is no card" if words[0] == "out=." else "out= is empty") in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "# My project\n"


@pytest.mark.parametrize("name", ["README.md", "edit.json", "edit.safetensors", "certificate.json"])
def test_no_file_of_somebody_is_replaced_or_removed_without_force(name, tmp_path, monkeypatch, capsys):
    own = {name: b'{"of": "another program"}\n', ".write-test": b"mine"}
    for file, content in own.items():
        (tmp_path / file).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert main(["edit", "debug=tiny", "out=."]) == 2
    line = capsys.readouterr().err.strip()
    assert f"its {name} is no " in line
    assert "Name another folder, or replace the file with force=true." in line
    assert "\n" not in line
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == own
    assert main(["edit", "debug=tiny", "out=.", "force=true"]) == 0
    assert erasepro.Edit.load(tmp_path).updates
    assert (tmp_path / ".write-test").read_bytes() == b"mine"


def test_the_loaded_weights_are_still_the_original_ones(model):
    assert torch.equal(
        erasepro.load_model(str(model)).pipe.unet.state_dict()["conv_in.weight"].cpu(),
        tiny_pipeline(seed=3, length=77).unet.state_dict()["conv_in.weight"],
    )


def test_a_pair_that_mentions_a_minor_is_left_out_with_a_line(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = ["edit", "model=sd15", f"model.source={model}", "solver=uce"]
    assert main([*source, "concepts.pairs=[[dog,cat],[a child,cat],[Alvin Childress,man]]", "out=made"]) == 0
    assert "Concepts: 2 pairs; 1 left out for mentioning a minor" in capsys.readouterr().out
    assert main([*source, "concepts.pairs=[[a child,cat]]", "out=other"]) == 2
    assert "The pair [a child,cat] of concepts.pairs mentions a minor" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
