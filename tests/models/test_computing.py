"""What stands between a weight and what runs: looked through where it is the same weight, else named in one line."""

import pytest
import torch
from torch.nn.utils import parametrize

import erasepro
from erasepro.edit import Edit
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.computing import check_computing
from erasepro.models.sites import conditioning_sites, cross_attention_sites, site_module, text_blocks, text_sites
from erasepro.models.tiny import tiny_pipeline
from tests.models import pipelines

PAIRS = {"dog": "cat"}


def small():
    return tiny_pipeline(length=77)


@pytest.fixture(scope="module")
def edit():
    return erasepro.erase(small(), PAIRS)


def fuse(pipe):
    pipe.unet.fuse_qkv_projections()


def cast(pipe):
    pipe.unet.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.float32)


def cast_encoder(pipe):
    pipe.text_encoder.to(torch.float8_e4m3fn)


def offload(pipe):
    from accelerate import cpu_offload

    for component in (pipe.text_encoder, pipe.unet):
        cpu_offload(component, torch.device("cpu"))


def offload_groups(pipe):
    from diffusers.hooks import apply_group_offloading

    cpu = torch.device("cpu")
    apply_group_offloading(pipe.unet, onload_device=cpu, offload_device=cpu, offload_type="leaf_level")


def load_lora(pipe, targets=("to_v",)):
    from peft import LoraConfig

    pipe.unet.add_adapter(LoraConfig(r=1, target_modules=list(targets)))


def load_text_lora(pipe):
    from peft import LoraConfig, inject_adapter_in_model

    inject_adapter_in_model(LoraConfig(r=1, target_modules=["fc1"]), pipe.text_encoder)


def parametrize_key(pipe):
    layer = site_module(pipe, cross_attention_sites(pipe)[0].name)
    parametrize.register_parametrization(layer, "weight", torch.nn.Identity())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (cast, r"stored as float8_e4m3fn .*load the model in float32"),
        (cast_encoder, r"stored as float8_e4m3fn .*load the model in float32"),
        (offload, r"offloaded \(meta device\): do this before enabling CPU offloading"),
        (offload_groups, r"'unet' is under group offloading.*before enabling it"),
        (load_lora, r"to_v' carries a LoRA: take it off first \(pipe\.unload_lora_weights\(\)\)"),
        (load_text_lora, r"mlp\.fc1' carries a LoRA: take it off first"),
        (parametrize_key, r"a parametrization\): remove that first"),
    ],
)
def test_other_weights_are_refused_by_apply_and_erase(edit, change, message):
    pipe = small()
    change(pipe)
    if change is not load_text_lora:  # an edit of fc2 does not touch fc1
        with pytest.raises(UserError, match=message):
            edit.apply(pipe)
        assert not hasattr(pipe, "erasepro_applied")
    with pytest.raises(UserError, match=message):
        erasepro.erase(pipe, PAIRS)


def test_fused_projections_are_refused_until_they_are_taken_off(edit):
    pipe = small()
    fuse(pipe)
    with pytest.raises(UserError, match=r"projections are fused.*pipe\.unfuse_qkv_projections\(\)"):
        edit.apply(pipe)
    pipe.unet.unfuse_qkv_projections()
    edit.apply(pipe)
    fuse(pipe)
    attention = pipe.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn2")
    assert torch.equal(attention.to_kv.weight, torch.cat([attention.to_k.weight, attention.to_v.weight]))
    with pytest.raises(UserError, match="projections are fused"):
        edit.revert(pipe)  # the fused copy would keep the edit
    pipe.unet.unfuse_qkv_projections()
    edit.revert(pipe)
    plain = small()
    for name in edit.updates:
        assert torch.equal(site_module(pipe, name).weight, site_module(plain, name).weight)


def test_a_lora_that_came_later_keeps_the_edit_from_being_taken_off(edit):
    pipe = small()
    edit.apply(pipe)
    load_lora(pipe)
    with pytest.raises(UserError, match="carries a LoRA"):
        edit.revert(pipe)
    assert pipe.erasepro_applied["hash"] == edit.hash


def test_a_lora_elsewhere_does_no_harm(edit):
    pipe = small()
    load_lora(pipe, ("conv1",))
    edit.apply(pipe)
    assert erasepro.erase(small(), PAIRS).hash == edit.hash


def compiled():
    pipe = small()
    pipe.text_encoder = torch.compile(pipe.text_encoder, backend="eager")
    pipe.unet.mid_block = torch.compile(pipe.unet.mid_block, backend="eager")
    pipe.unet = torch.compile(pipe.unet, backend="eager")
    return pipe


def test_a_compiled_module_is_looked_through(edit, tmp_path):
    """The same edit under the same names, applied to the same weights; one saved under compiled names is read too."""
    pipe = compiled()
    plain = small()
    assert text_blocks(pipe) == text_blocks(plain)
    assert text_sites(pipe) == text_sites(plain)
    assert cross_attention_sites(pipe) == cross_attention_sites(plain)
    again = erasepro.erase(pipe, PAIRS)
    assert again.hash == edit.hash
    assert list(again.updates) == list(edit.updates)
    again.apply(pipe)
    edit.apply(plain)
    for name in edit.updates:
        assert torch.equal(site_module(pipe, name).weight, site_module(plain, name).weight)
    again.revert(pipe)
    old = Edit({name.replace(".", "._orig_mod.", 1): update for name, update in edit.updates.items()})
    old.apply(pipe)
    assert torch.equal(site_module(pipe, name).weight, site_module(plain, name).weight)


def test_model_offloading_keeps_its_weights_and_works(edit):
    """`enable_model_cpu_offload` moves whole components: their weights are there, on the CPU."""
    from accelerate import cpu_offload_with_hook

    pipe = small()
    cpu_offload_with_hook(pipe.text_encoder, torch.device("cpu"))
    cpu_offload_with_hook(pipe.unet, torch.device("cpu"))
    assert erasepro.erase(pipe, PAIRS).hash == edit.hash
    edit.apply(pipe)
    edit.revert(pipe)


@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux", "pixart", "wan"])
def test_every_architecture_passes_as_it_is(name):
    pipe = getattr(pipelines, name)()
    check_computing(pipe)
    for read in erasepro.models.architectures.architecture_of(pipe).reads:
        assert conditioning_sites(pipe, read) or read.denoiser == "transformer_2"


def test_t5_may_be_held_in_any_form():
    """It is run as it is: only what reads it is edited."""
    pipe = pipelines.sd3()
    pipe.text_encoder_3.to(torch.float8_e4m3fn)
    check_computing(pipe)


def test_missing_tokenizers_and_encoders_are_named():
    pipe = small()
    pipe.tokenizer = None
    with pytest.raises(UserError, match="has a text_encoder but no tokenizer to make its tokens"):
        erasepro.erase(pipe, PAIRS)
    pipe.text_encoder = None
    with pytest.raises(UserError, match=r"has no text encoder \(text_encoder\)"):
        erasepro.erase(pipe, PAIRS)


def test_whatever_reads_text_asks_for_a_tokenizer(edit):
    """A model that was loaded before it lost its tokenizer; an edit is applied and reverted without one."""
    pipe = small()
    pipe.tokenizer = None
    model = Model(pipe, "x", "x", "")
    for read in (
        lambda: erasepro.certify(edit, model),
        lambda: erasepro.add_concepts(edit, {"car": "bus"}, model),
        lambda: erasepro.remove_concept(edit, "dog", model),
    ):
        with pytest.raises(UserError, match="has a text_encoder but no tokenizer to make its tokens") as info:
            read()
        assert "\n" not in str(info.value)
    edit.apply(pipe)
    edit.revert(pipe)
