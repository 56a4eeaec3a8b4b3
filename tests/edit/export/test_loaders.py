"""Every export says which loader reads all of it, and which one drops the text encoder's half."""

import json

import pytest
from safetensors import safe_open

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.edit.export.loaders import (
    count_parts,
    folder_reader,
    kohya_reader,
    lora_reader,
    single_file_reader,
)
from erasepro.linalg import DenseUpdate, LowRankUpdate

TEXT, UNET = "text_encoder.text_model.encoder.layers.0.mlp.fc2", "unet.mid_block.attentions.0.attn2.to_k"


def test_the_text_encoders_half_is_named_where_there_is_one():
    for both, alone in (
        (lora_reader([TEXT, UNET], ""), lora_reader([UNET], "")),
        (kohya_reader([TEXT, UNET], "x.comfyui.json"), kohya_reader([UNET], "x.comfyui.json")),
        (folder_reader([TEXT, UNET]), folder_reader([UNET])),
        (single_file_reader([TEXT, UNET]), single_file_reader([UNET])),
    ):
        assert "the 1 text-encoder weight" in both
        assert "text-encoder weight" not in alone
        assert "reads all of it" in alone or "read all of it" in alone
    assert "LoraLoaderModelOnly drops the 1 text-encoder weight without a word" in kohya_reader([TEXT, UNET], "x")
    assert "pipe.unet.load_lora_adapter leaves out" in lora_reader([TEXT, UNET], "")
    assert "pipe.transformer.load_lora_adapter" in lora_reader([TEXT, TEXT.replace("0", "1"), "transformer.a"], "flux")


def test_models_with_other_loaders():
    assert lora_reader(["transformer.a"], "pixart").startswith("peft reads all of it")
    assert "load_into_transformer_2=True" in lora_reader(["transformer.a", "transformer_2.a"], "wan")


def test_parts_are_counted():
    assert count_parts([TEXT, UNET, UNET + "x"]) == {"text_encoder": 1, "unet": 2}


@pytest.mark.parametrize(
    ("format", "out", "says"),
    [
        ("lora", "lora", "pipe.load_lora_weights reads all of it"),
        ("lora", "lora.safetensors", "pipe.load_lora_weights reads all of it"),
        ("kohya", "dog.safetensors", "LoraLoader, wired to MODEL and CLIP as in dog.comfyui.json, reads all of it"),
        ("diffusers", "whole", "from_pretrained reads all of it"),
        ("single_file", "whole.safetensors", "CheckpointLoaderSimple, A1111 and diffusers' from_single_file read all"),
    ],
)
def test_the_line_and_the_card_of_every_export_say_it(sd1, tmp_path, format, out, says):
    base = {"base": sd1.folder} if format in ("diffusers", "single_file") else {}
    done = export_edit(sd1.edit, tmp_path / out, format, **base)
    assert says in str(done)
    assert "8 text_encoder, 8 unet" in str(done)
    card = done.path / "README.md" if done.path.is_dir() else done.path.with_suffix(".md")
    text = card.read_text(encoding="utf-8")
    assert says.replace("_", r"\_") in text or says in text
    assert "| text_encoder | text encoder | 8 |" in text
    assert "| dog | cat |" in text
    assert "harder to misuse, not impossible" in text
    assert [path.name for path, _ in done.beside][-1] == card.name
    if format in ("lora", "kohya"):
        with safe_open(done.path if done.path.is_file() else done.path / "pytorch_lora_weights.safetensors", "pt") as file:
            assert json.loads(file.metadata()["erasepro_weights"]) == {"text_encoder": 8, "unet": 8}


def test_exact_is_said_only_where_it_is(sd1, tmp_path):
    site = next(iter(sd1.edit.updates))
    d_out, d_in = sd1.edit.updates[site].shape
    import torch

    up, down = torch.zeros(d_out, 1, dtype=torch.float64), torch.zeros(1, d_in, dtype=torch.float64)
    up[0, 0], down[0, 0] = 0.5, 1.0  # float32 holds the factors
    meta = sd1.edit.meta
    done = export_edit(Edit({site: LowRankUpdate(up, down)}, meta), tmp_path / "exact")
    assert (done.rounding, done.loss) == ({}, {})
    assert ", factors of the edit's own, exact." in str(done)
    for edit, name in ((sd1.edit, "rounded"), (Edit({site: DenseUpdate(torch.rand(d_out, d_in).double())}, meta), "cut")):
        done = export_edit(edit, tmp_path / name, rank=2)
        assert "exact" not in done.losses
        assert max(done.rounding.values()) < 1e-7 * 3
    assert "1 of them cut to a lower rank with a loss of at most" in str(done)
    assert "of the edit's own" not in str(done)


def test_rounding_is_what_is_measured_on_the_file(sd1, tmp_path):
    """Of kohya's, whose factors are scaled by rank/alpha."""
    from safetensors.torch import load_file

    from erasepro.edit.export.kohya import kohya_name

    done = export_edit(sd1.edit, tmp_path / "a.safetensors", "kohya")
    tensors = load_file(done.path)
    for site, update in sd1.edit.updates.items():
        key = kohya_name(site, False)
        up, down = (tensors[f"{key}.lora_{part}.weight"].double() for part in ("up", "down"))
        written = up @ down * (tensors[f"{key}.alpha"].double() / down.shape[0])
        off = float((written - update.dense()).norm() / update.dense().norm())
        assert off <= done.rounding.get(site, 0.0) * (1 + 1e-6) + 1e-15
        assert done.rounding.get(site, 0.0) < 2e-7


def test_files_that_lie_beside_are_never_replaced(sd1, tmp_path):
    for name in ("dog.comfyui.json", "dog.md"):
        other = tmp_path / name
        other.write_text("mine")
        with pytest.raises(Exception, match="exists already"):
            export_edit(sd1.edit, tmp_path / "dog.safetensors", "kohya")
        assert [path.name for path in tmp_path.iterdir()] == [name]
        other.unlink()


def test_all_of_them_or_none(sd1, tmp_path, monkeypatch):
    from erasepro.edit import export

    monkeypatch.setattr(export, "export_card", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_edit(sd1.edit, tmp_path / "dog.safetensors", "kohya")
    assert list(tmp_path.iterdir()) == []
