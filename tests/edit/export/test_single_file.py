"""A checkpoint in the original layout, from such a checkpoint and from a folder, loads as the edited pipeline."""

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models.safetensors_stream import read_source
from erasepro.models.tensor_hashes import tensor_hash, weights_hash
from tests.edit.export.conftest import clone, draw, edited


def unedited(made, path):
    """The base as a single file: the conversion of an edit of strength 0."""
    export_edit(made.edit.scale(0), path, "single_file", base=made.folder)
    return path


def loaded(made, path):
    """diffusers' own conversion; its configs come from the base folder, so no network is needed."""
    kind = StableDiffusionXLPipeline if made.kind == "xl" else StableDiffusionPipeline
    extra = {"add_watermarker": False} if made.kind == "xl" else {"safety_checker": None}
    pipe = kind.from_single_file(str(path), config=str(made.folder), local_files_only=True, **extra)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_from_a_folder(made, tmp_path):
    done = export_edit(made.edit, tmp_path / "out.safetensors", "single_file", base=made.folder)
    assert done.weights == len(made.edit.updates)
    pipe = loaded(made, done.path)
    assert weights_hash(pipe) == weights_hash(made.after)
    assert torch.equal(draw(pipe), made.images)


def test_from_a_checkpoint(made, tmp_path):
    base = unedited(made, tmp_path / "base.safetensors")
    assert weights_hash(loaded(made, base)) == weights_hash(made.pipe)
    half = made.edit.scale(0.5)
    done = export_edit(half, tmp_path / "out.safetensors", "single_file", base=base)
    assert weights_hash(loaded(made, done.path)) == weights_hash(edited(made.pipe, half))
    old, new = load_file(base), load_file(done.path)
    assert list(old) == list(new)
    changed = {name for name in old if tensor_hash(old[name]) != tensor_hash(new[name])}
    layers = ("attn2.to_k", "attn2.to_v", "fc1", "fc2", "c_fc", "mlp.c_proj", "in_proj", "v_proj", "out_proj")
    assert len(changed) == len(made.edit.updates)
    assert all(name.rpartition(".")[0].endswith(layers) or "in_proj_weight" in name for name in changed)
    for name in changed:
        if name.endswith("in_proj_weight"):  # only the values' rows
            d = old[name].shape[0] // 3
            assert torch.equal(old[name][: 2 * d], new[name][: 2 * d])
    again = export_edit(made.edit, tmp_path / "from_folder.safetensors", "single_file", base=made.folder)
    both = export_edit(made.edit, tmp_path / "from_file.safetensors", "single_file", base=base)
    assert again.path.read_bytes() == both.path.read_bytes()


def test_original_names(made, tmp_path):
    """Some names by hand: the layout that other tools look for."""
    names = set(read_source(unedited(made, tmp_path / "base.safetensors")).entries)
    expected = {
        "sd1": {"cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight"},
        "sd2": {"cond_stage_model.model.transformer.resblocks.1.mlp.c_proj.bias"},
        "xl": {
            "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",
            "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight",
            "conditioner.embedders.1.model.text_projection",
            "model.diffusion_model.label_emb.0.2.weight",
            "model.diffusion_model.input_blocks.4.1.transformer_blocks.1.attn2.to_k.weight",
            "model.diffusion_model.output_blocks.2.2.conv.weight",
        },
    }[made.kind]
    everywhere = {
        "model.diffusion_model.time_embed.0.weight",
        "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_v.weight",
        "model.diffusion_model.out.2.bias",
        "first_stage_model.encoder.mid.attn_1.q.weight",
        "first_stage_model.decoder.up.1.block.0.norm1.weight",
        "first_stage_model.quant_conv.weight",
    }
    assert expected | everywhere <= names


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_checkpoints(sd1, dtype, tmp_path):
    unedited(sd1, tmp_path / "f32.safetensors")
    base = tmp_path / "base.safetensors"
    save_file({name: t.to(dtype) for name, t in load_file(tmp_path / "f32.safetensors").items()}, base, {"a": "b"})
    export_edit(sd1.edit, tmp_path / "out.safetensors", "single_file", base=base)
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        assert file.metadata() == {"a": "b"}
        name = "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_v.weight"
        pipe = clone(sd1.pipe)
        pipe.text_encoder.to(dtype)
        pipe.unet.to(dtype)
        want = edited(pipe, sd1.edit).unet.mid_block.attentions[0].transformer_blocks[0].attn2.to_v.weight
        assert tensor_hash(file.get_tensor(name)) == tensor_hash(want)


def test_bases_that_cannot_be_meant(sd1, tmp_path):
    tensors = load_file(unedited(sd1, tmp_path / "base.safetensors"))
    out = tmp_path / "out.safetensors"
    key = next(name for name in tensors if name.endswith("attn2.to_v.weight"))
    for change, message in (
        ({key: tensors[key] + 1e-3}, "differs from the one"),
        ({key: tensors[key][:, :-1].contiguous()}, "another model"),
        ({key: tensors[key].to(torch.float8_e4m3fn)}, "F8_E4M3"),
        ({"model_ema.decay": torch.zeros(1)}, "model_ema"),
    ):
        save_file(tensors | change, tmp_path / "wrong.safetensors")
        with pytest.raises(UserError, match=message):
            export_edit(sd1.edit, out, "single_file", base=tmp_path / "wrong.safetensors")
    save_file({name: t for name, t in tensors.items() if name != key}, tmp_path / "wrong.safetensors")
    with pytest.raises(UserError, match="has no tensor for"):
        export_edit(sd1.edit, out, "single_file", base=tmp_path / "wrong.safetensors")
    with pytest.raises(UserError, match="no place for 'transformer"):
        export_edit(Edit({"transformer.a": next(iter(sd1.edit.updates.values()))}), out, "single_file", base=sd1.folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["base.md", "base.safetensors", "wrong.safetensors"]
