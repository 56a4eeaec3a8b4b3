"""Whatever cannot be exported is one clear line, and leaves nothing behind."""

import errno
import os
import shutil
import struct

import pytest
import torch
from safetensors import safe_open

import erasepro
from erasepro.edit import Edit
from erasepro.edit.export import FORMATS, export_edit, folder
from erasepro.errors import UserError
from erasepro.models import safetensors_stream
from erasepro.models.safetensors_stream import read_source
from tests.models.pipelines import build

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def refused(edit, match, path, *args, **options):
    with pytest.raises(UserError, match=match) as caught:
        export_edit(edit, path, *args, **options)
    assert "\n" not in str(caught.value)


def test_arguments(sd1, tmp_path):
    out, one = tmp_path / "out", tmp_path / "out.safetensors"
    refused(sd1.edit, "Unknown export format 'lorra'. Did you mean 'lora'", out, "lorra")
    refused(sd1.edit, "Unknown export format '5'", out, 5)
    refused(sd1.edit, r"ends in \.safetensors", out, "kohya")
    refused(sd1.edit, r"ends in \.safetensors", tmp_path / "out.ckpt", "single_file", base=sd1.folder)
    refused(sd1.edit, r"needs base=", out, "diffusers")
    refused(sd1.edit, r"needs base=", one, "single_file")
    refused(sd1.edit, "takes no base", out, "lora", base=sd1.folder)
    refused(sd1.edit, "takes no variant", one, "kohya", variant="fp16")
    refused(sd1.edit, "takes no rank", out, "diffusers", base=sd1.folder, rank=4)
    for rank in (0, -1, 1.5, True, "4"):
        refused(sd1.edit, "whole number from 1", out, "lora", rank=rank)
    refused(Edit({}), "changes no weight", out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_existing_targets_are_kept(sd1, format, tmp_path):
    target = tmp_path / "out.safetensors"
    base = {"base": sd1.folder} if format in ("diffusers", "single_file") else {}
    target.write_text("mine")
    refused(sd1.edit, "exists already", target, format, **base)
    assert target.read_text() == "mine"
    target.unlink()
    target.symlink_to(tmp_path / "nowhere")
    refused(sd1.edit, "exists already", target, format, **base)
    assert len(list(tmp_path.iterdir())) == 1


def test_missing_and_foreign_bases(sd1, tmp_path):
    out, one = tmp_path / "out", tmp_path / "out.safetensors"
    refused(sd1.edit, "No base folder", out, "diffusers", base=tmp_path / "none")
    refused(sd1.edit, "Cannot read .*No such file", one, "single_file", base=tmp_path / "none.safetensors")
    refused(sd1.edit, "model_index.json", out, "diffusers", base=tmp_path)
    refused(sd1.edit, "model_index.json", one, "single_file", base=tmp_path)
    refused(sd1.edit, "inside the base", sd1.folder / "out", "diffusers", base=sd1.folder)
    other = Edit({"text_encoder_2.encoder.layers.0.mlp.fc2": next(iter(sd1.edit.updates.values()))})
    refused(other, "has no text_encoder_2", out, "diffusers", base=sd1.folder)
    other = Edit({"unet.nothing": next(iter(sd1.edit.updates.values()))})
    refused(other, "No tensor of 'unet.nothing'", out, "diffusers", base=sd1.folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "header", "empty", "json", "pickled", "only pickles", "gone", "vae cut"])
def test_damaged_bases(sd1, harm, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(sd1.folder, base)
    path = base / ("vae/diffusion_pytorch_model.safetensors" if harm == "vae cut" else WEIGHTS)
    data = path.read_bytes()
    match = "is damaged or no safetensors"
    if harm in ("cut", "vae cut"):
        path.write_bytes(data[:-10])
    elif harm == "header":
        path.write_bytes(data[:50])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "json":
        path.write_bytes(data[:8] + b"#" + data[9:])
    elif harm == "pickled":
        torch.save({"a": torch.zeros(1)}, path)
        match = "pickled"
    elif harm == "only pickles":
        path.rename(path.with_suffix(".bin"))
        match = "only pickled weights"
    else:
        path.unlink()
        match = "no weights"
    for format, name in (("diffusers", "out"), ("single_file", "out.safetensors")):
        refused(sd1.edit, match, tmp_path / name, format, base=base)
    if harm not in ("only pickles", "gone"):
        refused(sd1.edit, match, tmp_path / "out.safetensors", "single_file", base=path)
    assert [p.name for p in tmp_path.iterdir()] == ["base"]


def test_headers_that_lie(tmp_path):
    def file(header, data=b"\0" * 8):
        text = header.encode()
        (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
        return tmp_path / "a.safetensors"

    good = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    assert read_source(file(good)).read("a").tolist() == [0, 0]
    for header in (
        "[]",
        '{"a":5}',
        good.replace("[2]", "[3]"),
        good.replace("[0,8]", "[4,8]"),
        good.replace("[0,8]", "[0,8,9]"),
        good.replace("[0,8]", "[0,4]"),
        good.replace('"dtype":"F32",', ""),
    ):
        with pytest.raises(UserError, match="damaged"):
            read_source(file(header))
    with pytest.raises(UserError, match="damaged"):
        read_source(file(good, b"\0" * 9))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_full_and_read_only_disks(sd1, format, number, tmp_path, monkeypatch):
    def fails(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(safetensors_stream, "_copy", fails)
    base = {"base": sd1.folder} if format in ("diffusers", "single_file") else {}
    hint = "free some space" if number == errno.ENOSPC else "choose another place"
    refused(sd1.edit, hint, tmp_path / "new" / "folder" / "out.safetensors", format, **base)
    assert list(tmp_path.iterdir()) == []  # the folders made on the way are gone too


def test_a_file_in_place_of_a_folder_and_an_interruption(sd1, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    refused(sd1.edit, "Cannot write", tmp_path / "file" / "out", "lora")

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "rewrite", stopped)
    with pytest.raises(KeyboardInterrupt):
        export_edit(sd1.edit, tmp_path / "out", "diffusers", base=sd1.folder)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_an_edit_of_the_text_encoders_alone_is_its_models(name, tmp_path):
    """Its sites are called as Stable Diffusion's: the architecture that the edit states decides."""
    pipe = build(name)
    edit = erasepro.erase(pipe, {"dog": "cat"}, cross_attention=False, text_fit={"preserve": {"kind": "ridge"}})
    assert {site.split(".")[0] for site in edit.updates} <= {"text_encoder", "text_encoder_2"}
    edit = Edit.load(edit.save(tmp_path / "edit"))
    file = tmp_path / "x.safetensors"
    refused(edit, f"kohya's layout .* no place for an edit of {name}: use format=lora", file, "kohya")
    refused(edit, f"no place for an edit of {name}: use format=diffusers", file, "single_file", base=tmp_path)
    assert not file.exists()
    export_edit(edit, tmp_path / "lora")


def test_an_edit_of_the_first_encoder_of_sdxl_is_labelled_so(tmp_path):
    edit = erasepro.erase(build("sdxl"), {"dog": "cat"}, cross_attention=False, text_fit={"preserve": {"kind": "ridge"}})
    first = {site: update for site, update in edit.updates.items() if site.startswith("text_encoder.")}
    export_edit(Edit(first, edit.meta), tmp_path / "x.safetensors", "kohya")
    source = read_source(tmp_path / "x.safetensors")
    assert all(key.startswith("lora_te1_") for key in source.entries)
    with safe_open(tmp_path / "x.safetensors", "pt") as file:
        assert file.metadata()["ss_base_model_version"] == "sdxl_base_v1-0"
