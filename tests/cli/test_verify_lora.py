"""``erasepro verify LORA``: which part of an edit a file carries, with or without the edit beside it."""

import re
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from erasepro.cli.main import main
from erasepro.edit.export import export_edit
from tests.edit.conftest import compact32, make_model
from tests.edit.export.conftest import edit_of

__all__ = ["compact32"]


@pytest.fixture
def files(sd1, tmp_path):
    """A kohya file and a diffusers folder of the edit, and the edit; in three places."""
    (tmp_path / "a").mkdir()
    export_edit(sd1.edit, tmp_path / "a" / "dog.safetensors", "kohya")
    export_edit(sd1.edit, tmp_path / "b" / "lora")
    sd1.edit.save(tmp_path / "edit")
    return tmp_path


def said(capsys, *words):
    status = main(["verify", *map(str, words)])
    out = capsys.readouterr()
    return status, out.out, out.err


def changed(path, target, keep=lambda key: True, change=lambda key, tensor: tensor, keep_metadata=True):
    """A copy of a file with some keys, changed, and with its metadata or none."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = {key: change(key, tensor) for key, tensor in load_file(path).items() if keep(key)}
    save_file(tensors, target, metadata if keep_metadata else None)
    return target


def is_text(key):
    return "lora_te" in key or key.startswith("text_encoder")


PLACES = {"kohya": "a/dog.safetensors", "diffusers": "b/lora/pytorch_lora_weights.safetensors"}


@pytest.mark.parametrize("layout", PLACES)
def test_all_of_it_with_and_without_the_edit(sd1, files, capsys, layout):
    model = f"model={sd1.folder}"
    status, out, err = said(capsys, files / PLACES[layout], model)
    assert (status, err) == (0, ""), out
    assert f"a LoRA in {layout}' layout".replace("kohya'", "kohya's") in out
    assert "It carries both: 8 layers of the text encoder, 8 of the U-Net." in out
    assert "Keys that match nothing in base: 0." in out
    assert "by the file's own count: text_encoder 8 of 8, unet 8 of 8" in out
    assert re.search(r"unet +attn2\.to_k +4 +4\n", out)
    assert re.search(r"text_encoder +mlp\.fc2 +2 +2\n", out)
    status, out, _ = said(capsys, files / PLACES[layout], model, f"edit={files / 'edit'}")
    assert status == 0, out
    assert "Of the edit's weights: text_encoder 8 of 8, unet 8 of 8." in out
    difference = float(re.search(r"Largest difference from the edit's change: (\S+) of its norm", out)[1])
    assert difference < 3e-7
    assert out.endswith("holds: every weight that the edit changes is in the file.\n")


@pytest.mark.parametrize("layout", PLACES)
@pytest.mark.parametrize(
    ("part", "words"),
    [("text_encoder", "the U-Net's part alone (8 layers)"), ("unet", "the text encoder's part alone (8 layers)")],
)
def test_half_of_it_is_told(sd1, files, capsys, layout, part, words):
    keep = (lambda key: not is_text(key)) if part == "text_encoder" else is_text
    half = changed(files / PLACES[layout], files / "half.safetensors", keep)
    for edit in ([], [f"edit={files / 'edit'}"]):
        status, out, _ = said(capsys, half, f"model={sd1.folder}", *edit)
        assert status == 1
        assert f"It carries {words}: nothing of the " in out
        assert f"does not hold: 8 of the edit's 8 weights in {part} are not in the file." in out
    bare = changed(half, files / "bare.safetensors", keep_metadata=False)
    status, out, _ = said(capsys, bare, f"model={sd1.folder}")
    assert status == 0
    assert f"It carries {words}" in out
    assert "does not say how much of an edit there should be: edit=DIR compares" in out
    assert "holds" not in out


def test_an_edit_beside_the_file_is_looked_at_by_itself(sd1, files, capsys):
    place = files / "edit" / "dog.safetensors"
    shutil.copy(files / PLACES["kohya"], place)
    status, out, _ = said(capsys, place, f"model={sd1.folder}")
    assert status == 0
    assert f"Edit: {files / 'edit'}." in out
    other = edit_of(sd1.pipe, seed=1)
    other.save(files / "run" / "edit")
    shutil.copy(files / PLACES["kohya"], files / "run" / "dog.safetensors")
    status, out, _ = said(capsys, files / "run" / "dog.safetensors", f"model={sd1.folder}")
    assert status == 0
    assert "Edit:" not in out, "the file is not of that one"
    status, out, _ = said(capsys, files / "run" / "dog.safetensors", f"model={sd1.folder}", f"edit={files / 'run'}")
    assert status == 1
    assert "does not say that it was made from this edit" in out
    assert "16 weights change by something else than the edit's" in out


def test_a_strength_and_a_truncation_that_the_file_states_hold(sd1, files, capsys):
    export_edit(sd1.edit.scale(0.25), files / "quarter.safetensors", "kohya")
    dense = edit_of(sd1.pipe, dense=("fc2",))
    dense.save(files / "dense")
    export_edit(dense, files / "cut.safetensors", "kohya", rank=1)
    for name, edit in (("quarter", "edit"), ("cut", "dense")):
        status, out, _ = said(capsys, files / f"{name}.safetensors", f"model={sd1.folder}", f"edit={files / edit}")
        assert status == 0, out
        off = float(re.search(r"change: (\S+) of", out)[1])
        last = out.splitlines()[-1]
        if name == "quarter":
            assert last == "holds: every weight that the edit changes is in the file."
    assert off > 0.01, "the loss is stated"
    shown = re.fullmatch(
        r"holds in part: all weights are there; the largest differs by (\S+)%: a higher rank carries more\.", last
    )
    assert float(shown[1]) / 100 == pytest.approx(off, rel=0.1)


@pytest.mark.parametrize("number", [1.01, float("nan")])
def test_a_changed_weight_is_named(sd1, files, capsys, number):
    def change(key, tensor):
        return tensor * number if key == "lora_te_text_model_encoder_layers_0_mlp_fc2.lora_up.weight" else tensor

    place = changed(files / PLACES["kohya"], files / "x.safetensors", change=change)
    status, out, _ = said(capsys, place, f"model={sd1.folder}", f"edit={files / 'edit'}")
    assert status == 1
    assert "1 weights change by something else than the edit's (text_encoder." in out


def test_half_precision_factors_are_rounding(sd1, files, capsys):
    for dtype in (torch.float16, torch.bfloat16):
        place = changed(files / PLACES["kohya"], files / f"{dtype}.safetensors", change=lambda _, t, d=dtype: t.to(d))
        status, out, _ = said(capsys, place, f"model={sd1.folder}", f"edit={files / 'edit'}")
        assert status == 0, out
        assert float(re.search(r"change: (\S+) of", out)[1]) > 1e-5


def test_another_models_file_matches_nothing(files, capsys):
    status, out, _ = said(capsys, files / PLACES["kohya"], "model=miniature")
    assert status == 1
    assert "It carries nothing of this model." in out
    assert "does not hold: 48 of its keys match nothing in miniature" in out


def test_a_kept_edit_is_multiplied_out_with_the_models_weights(compact32, tmp_path, capsys):
    make_model().pipe.save_pretrained(tmp_path / "base")
    compact32.save(tmp_path / "edit")
    export_edit(compact32, tmp_path / "dog.safetensors", "kohya")
    status, out, err = said(capsys, tmp_path / "dog.safetensors", f"model={tmp_path / 'base'}", f"edit={tmp_path / 'edit'}")
    assert status == 0, out + err


def test_mistakes_are_one_line(sd1, files, capsys):
    save_file({"a": torch.zeros(1)}, files / "none.safetensors")
    (files / "cut.safetensors").write_bytes((files / PLACES["kohya"]).read_bytes()[:-3])
    for words, message in (
        ((files / PLACES["kohya"],), "Say which model the file is for"),
        ((files / PLACES["kohya"], "model=minature"), "Did you mean 'miniature'"),
        ((files / PLACES["kohya"], f"model={sd1.folder}", f"edit={files}/b"), "no edit lies there"),
        ((files / PLACES["kohya"], f"model={sd1.folder}", "edited=x"), "verify has no option 'edited'"),
        ((files / "none.safetensors", f"model={sd1.folder}"), "is no LoRA: none of its 1 keys"),
        ((files / "cut.safetensors", f"model={sd1.folder}"), "is damaged"),
        ((files / "missing.safetensors", f"model={sd1.folder}"), "No LoRA in"),
    ):
        status, out, err = said(capsys, *words)
        assert (status, out) == (2, ""), (words, out)
        assert message in err
        assert err.count("\n") == 1
