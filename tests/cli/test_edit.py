"""``erasepro edit`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import erasepro
from erasepro.models.tiny import tiny_pipeline


def edit(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "erasepro", "edit", *words], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline(seed=3, length=77).save_pretrained(folder)
    return folder


def test_an_edit_from_disk_is_the_edit_of_the_loaded_model(model, tmp_path):
    done = edit(f"model={'sd15'}", f"model.source={model}", "concepts.pairs=[[dog,cat]]", "out=made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "dog → cat · sd15 · erasepro" in done.stdout
    assert "Read of unet: 0." in done.stdout
    made = erasepro.Edit.load(tmp_path / "made")
    loaded = erasepro.load_model(str(model))
    assert made.hash == erasepro.erase(loaded, {"dog": "cat"}).hash
    made.apply(loaded.pipe)
    assert json.loads((tmp_path / "made" / "edit.json").read_text())["meta"]["model"]["source"] == str(model)
    again = edit(f"model.source={model}", "model=sd15", "out=made", cwd=tmp_path)
    assert again.returncode == 2
    assert "holds an edit already: choose another out=FOLDER, or add force=true" in again.stderr


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
def test_mistakes_are_one_line_before_any_work(words, message, tmp_path):
    (tmp_path / "file").write_text("")
    done = edit(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_loaded_weights_are_still_the_original_ones(model):
    assert torch.equal(
        erasepro.load_model(str(model)).pipe.unet.state_dict()["conv_in.weight"].cpu(),
        tiny_pipeline(seed=3, length=77).unet.state_dict()["conv_in.weight"],
    )
