"""A whole pipeline's folder: the edited tensors are apply()'s bytes, everything else the base's."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models import safetensors_stream
from erasepro.models.layouts.site_names import split, weight_keys
from erasepro.models.sites import site_module
from erasepro.models.tensor_hashes import tensor_hash
from tests.edit.export.conftest import clone, draw, edit_of, edited


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}


def same_but_edited(base: Path, out: Path, edit, after, left_out=()):
    """Every file and every byte, and a card; `after`: a pipeline of the base's dtype with the edit applied."""
    before, now = files_of(base), files_of(out)
    card = now.pop("ERASEPRO.md" if "README.md" in before else "README.md")
    assert "## Load all of it (diffusers)" in card.read_text(encoding="utf-8")
    assert set(before) - set(left_out) == set(now)
    expected = {}
    for site in edit.updates:
        for key in weight_keys(site):
            expected[split(site)[0], key] = site_module(after, site).weight
    changed = 0
    for name, path in now.items():
        if not name.endswith(".safetensors"):
            assert path.read_bytes() == before[name].read_bytes(), name
            continue
        head = int.from_bytes(path.read_bytes()[:8], "little") + 8
        assert path.read_bytes()[:head] == before[name].read_bytes()[:head]  # names, shapes, metadata
        old = load_file(before[name])
        for key, tensor in load_file(path).items():
            want = expected.get((name.partition("/")[0], key), old[key])
            changed += want is not old[key]
            assert tensor_hash(tensor) == tensor_hash(want), key
    assert changed == len(edit.updates)


def test_bytes_and_images(made, tmp_path):
    done = export_edit(made.edit, tmp_path / "out", "diffusers", base=made.folder)
    assert (done.weights, done.left_out) == (len(made.edit.updates), 0)
    same_but_edited(made.folder, tmp_path / "out", made.edit, made.after)
    pipe = DiffusionPipeline.from_pretrained(tmp_path / "out")
    pipe.set_progress_bar_config(disable=True)
    assert torch.equal(draw(pipe), made.images)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_bases_own_card_stays(sd1, tmp_path):
    base = shutil.copytree(sd1.folder, tmp_path / "base")
    (base / "README.md").write_text("the base's licence")
    done = export_edit(sd1.edit, tmp_path / "out", "diffusers", base=base)
    same_but_edited(base, tmp_path / "out", sd1.edit, edited(sd1.pipe, sd1.edit))
    assert [path.name for path, _ in done.beside] == ["ERASEPRO.md"]


def test_what_a_half_precision_base_costs_is_measured(sd1, tmp_path):
    pipe = clone(sd1.pipe)
    for part in (pipe.text_encoder, pipe.unet, pipe.vae):
        part.to(torch.float16)
    pipe.save_pretrained(tmp_path / "base")
    done = export_edit(sd1.edit, tmp_path / "out", "diffusers", base=tmp_path / "base")
    assert set(done.rounding) == set(sd1.edit.updates)
    site = next(s for s in sd1.edit.updates if s.startswith("unet"))
    W = site_module(pipe, site).weight.detach().double()
    delta = sd1.edit.updates[site].dense()
    written = site_module(edited(pipe, sd1.edit), site).weight.detach().double()
    assert done.rounding[site] == pytest.approx(float((written - W - delta).norm() / delta.norm()), rel=1e-6)
    assert 1e-5 < done.rounding[site] < 1e-2
    assert "rounding in what is written moves a ΔW by at most" in str(done)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_bases_at_half_strength(sd1, dtype, tmp_path):
    """An edit that was solved in float32 goes into a half-precision base, to that base's rounding of the weights."""
    pipe = clone(sd1.pipe)
    for part in (pipe.text_encoder, pipe.unet, pipe.vae):
        part.to(dtype)
    pipe.save_pretrained(tmp_path / "base")
    half = sd1.edit.scale(0.5)
    export_edit(half, tmp_path / "out", "diffusers", base=tmp_path / "base")
    same_but_edited(tmp_path / "base", tmp_path / "out", half, edited(pipe, half))


def test_shards_and_variants(sd1, tmp_path):
    """The chosen variant is edited; all other copies of the edited parts' weights are left out."""
    base = tmp_path / "base"
    shutil.copytree(sd1.folder, base)
    pipe = clone(sd1.pipe)
    pipe.unet.to(torch.float16)
    pipe.unet.save_pretrained(base / "unet", variant="fp16", max_shard_size="60KB")
    pipe.text_encoder.save_pretrained(base / "text_encoder", max_shard_size="60KB")
    (base / "text_encoder" / "model.safetensors").unlink(missing_ok=True)
    assert len(list((base / "unet").glob("*fp16-0*"))) > 1
    assert len(list((base / "text_encoder").glob("model-0*"))) > 1
    (base / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickled")
    save_file({"a": torch.zeros(1)}, base / "v1.safetensors")
    (base / ".cache").mkdir()
    (base / ".cache" / "x").write_text("not copied")

    with pytest.raises(UserError, match="no weights of the variant 'int8'"):
        export_edit(sd1.edit, tmp_path / "x", "diffusers", base=base, variant="int8")
    pickled = ["unet/diffusion_pytorch_model.bin", "v1.safetensors"]
    halves = [name for name in files_of(base) if "fp16" in name]
    full = ["unet/diffusion_pytorch_model.safetensors"]
    for variant, like, gone in ((None, sd1.pipe, halves), ("fp16", pipe, full)):
        out = tmp_path / f"out-{variant}"
        done = export_edit(sd1.edit, out, "diffusers", base=base, variant=variant)
        same_but_edited(base, out, sd1.edit, edited(like, sd1.edit), [*gone, *pickled, ".cache/x"])
        assert done.left_out == len(gone) + len(pickled)
        assert "unedited weights left out" in str(done)
    twin = DiffusionPipeline.from_pretrained(tmp_path / "out-fp16", variant="fp16", dtype=torch.float32)
    site = next(s for s in sd1.edit.updates if s.startswith("unet"))
    want = site_module(edited(pipe, sd1.edit), site).weight
    assert torch.equal(site_module(twin, site).weight, want.float())


def test_never_more_than_a_tensor_at_a_time(sd1, tmp_path, monkeypatch):
    """Other tensors' bytes pass through in chunks; only edited ones are read whole."""
    read, sizes = [], []
    whole, part = safetensors_stream.Source.read, safetensors_stream.Source.chunks
    monkeypatch.setattr(safetensors_stream, "CHUNK", 256)
    monkeypatch.setattr(safetensors_stream.Source, "read", lambda s, name: read.append(name) or whole(s, name))

    def chunks(source, name):
        for chunk in part(source, name):
            sizes.append(len(chunk))
            yield chunk

    monkeypatch.setattr(safetensors_stream.Source, "chunks", chunks)
    export_edit(sd1.edit, tmp_path / "out", "diffusers", base=sd1.folder)
    assert max(sizes) == 256
    assert {key for site in sd1.edit.updates for key in weight_keys(site)} >= set(read)


def test_metadata_of_the_base_is_kept(sd1, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(sd1.folder, base)
    path = base / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(load_file(path), path, {"format": "pt", "note": "retain"})
    export_edit(sd1.edit, tmp_path / "out", "diffusers", base=base)
    with safe_open(tmp_path / "out" / "unet" / path.name, "pt") as file:
        assert file.metadata() == {"format": "pt", "note": "retain"}


def test_a_wrong_base_is_named_and_nothing_stays(made, tmp_path):
    other = edit_of(made.pipe, seed=1)
    again = tmp_path / "edited"
    export_edit(made.edit, again, "diffusers", base=made.folder)
    with pytest.raises(UserError, match="differs from the one this edit was solved on"):
        export_edit(other, tmp_path / "out", "diffusers", base=again)
    index = json.loads((again / "model_index.json").read_text())
    assert index["_class_name"] == type(made.pipe).__name__
    assert [p.name for p in tmp_path.iterdir()] == ["edited"]
