"""A LoRA of an edit that is kept as W_o D is made from its base, wherever that lies, and is the LoRA of the solved edit."""

import pytest
import torch
from safetensors.torch import load_file

import erasepro
from erasepro.cli.main import main
from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.edit.export.base_weights import model_on_disk
from erasepro.errors import UserError
from erasepro.models.load import MINIATURE
from erasepro.models.sites import site_module
from tests.edit.conftest import make_model


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "base"
    make_model().pipe.save_pretrained(folder)
    return folder


@pytest.fixture
def loaded(compact32, tmp_path):
    return Edit.load(compact32.save(tmp_path / "edit"))


def tensors(done):
    return load_file(done.path if done.path.is_file() else done.path / "pytorch_lora_weights.safetensors")


@pytest.mark.parametrize("format", ["lora", "kohya"])
def test_it_is_the_lora_of_the_solved_edit(compact32, loaded, place, tmp_path, format):
    solved = tensors(export_edit(compact32, tmp_path / "a.safetensors", format))
    whole = export_edit(loaded, tmp_path / "whole.safetensors", "single_file", base=place)
    assert whole.weights == len(loaded.updates)
    file = _unedited(place, tmp_path)
    for name, source in (("b", place), ("c", file)):
        again = tensors(export_edit(loaded, tmp_path / f"{name}.safetensors", format, base=source))
        assert again.keys() == solved.keys()
        assert all(torch.equal(again[key], solved[key]) for key in solved)


def _unedited(place, tmp_path):
    """The base as one file in the original layout."""
    nothing = Edit({}, {"base": {}})
    return export_edit(nothing, tmp_path / "base.safetensors", "single_file", base=place).path


def test_without_the_base_one_line_says_what_is_missing(loaded, tmp_path, capsys):
    for use in (
        lambda: export_edit(loaded, tmp_path / "out"),
        lambda: export_edit(loaded, tmp_path / "out.safetensors", "kohya"),
    ):
        with pytest.raises(UserError, match=r"a LoRA needs them: give base=…, the unedited model 'tiny'") as caught:
            use()
        assert "\n" not in str(caught.value)
    assert main(["export", str(tmp_path / "edit"), f"out={tmp_path}/out"]) == 2
    assert "give base=" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["edit"]


def test_another_base_is_refused(loaded, tmp_path):
    make_model(seed=1).pipe.save_pretrained(tmp_path / "other")
    with pytest.raises(UserError, match="differs from the one this edit was solved on"):
        export_edit(loaded, tmp_path / "out", base=tmp_path / "other")
    with pytest.raises(UserError, match="No base folder"):
        export_edit(loaded, tmp_path / "out", base=tmp_path / "nothing")
    assert not (tmp_path / "out").exists()


def test_the_command_takes_the_base_and_writes_whole_models(compact32, loaded, place, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "2000")
    edit = str(tmp_path / "edit")
    assert main(["export", edit, f"out={tmp_path}/lora", f"base={place}"]) == 0
    assert "11 weights" in capsys.readouterr().out
    assert main(["export", edit, "format=diffusers", f"out={tmp_path}/whole", f"base={place}"]) == 0
    whole = erasepro.load_model(str(tmp_path / "whole"))
    model = make_model()
    compact32.apply(model.pipe)
    for name in compact32.updates:
        assert torch.equal(site_module(whole.pipe, name).weight, site_module(model.pipe, name).weight)


def test_the_model_that_an_edit_names_is_looked_for_on_the_disk(loaded, place, tmp_path):
    loaded.meta["model"] |= {"source": str(place)}
    assert export_edit(loaded, tmp_path / "lora").weights == len(loaded.updates)
    assert model_on_disk({"kind": "miniature"}) == MINIATURE
    assert model_on_disk({"source": "nobody/such-a-model"}) is None
    assert model_on_disk({"source": "a name, not an id"}) is None
    assert model_on_disk({}) is None
