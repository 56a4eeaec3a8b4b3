"""A textual inversion of several vectors is read as the real pipeline reads it, by every encoder and wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline

import erasepro
from erasepro.errors import UserError
from erasepro.models.architectures import architecture_of
from erasepro.models.base import Model
from erasepro.models.features.columns import plan_pair_columns, plan_retain_columns
from erasepro.models.features.locate import locate
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.features.text_stack import TextStack, conditioning_inputs, tokenizer_of
from erasepro.models.features.textual_inversion import inversions_of, is_written_out
from erasepro.models.sites import conditioning_sites, site_module
from erasepro.models.skeleton import Skeleton
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from tests.models.pipelines import build, draw
from tests.models.test_architectures import EVERYTHING, one_pair

SENTENCES = (
    "a photo of <x>", "<x>", "<x>, a <y> and <x>s", "a <X>", "<x> <x>_1", "a category of cat2s", "a dog", "pre<x>post", "",
)  # fmt: skip
LOADED = {"<x>": 3, "<y>": 1, "cat2": 2}
CLIPS = {"stable-diffusion": 1, "sdxl": 2, "sd3": 2, "flux": 1}


def pipeline_with(name: str, seed: int = 0, **vectors: int) -> Any:
    """A tiny pipeline with textual inversions in all its CLIP encoders (`LOADED`, else these)."""
    pipe = build(name, seed)
    for number in range(CLIPS[name]):
        end = f"_{number + 1}" if number else ""
        load(pipe, f"text_encoder{end}", f"tokenizer{end}", vectors or LOADED)
    return pipe


def load(pipe: Any, component: str, tokenizer: str, vectors: dict[str, int]) -> None:
    """`load_textual_inversion` of Stable Diffusion's pipeline, for any: SD 3's has none."""
    encoder, words = getattr(pipe, component), getattr(pipe, tokenizer)
    loader: Any = StableDiffusionPipeline(None, encoder, words, None, None, None, None, requires_safety_checker=False)
    generator = torch.Generator().manual_seed(len(component))
    width = encoder.get_input_embeddings().weight.shape[1]
    with torch.random.fork_rng(devices=[]):
        for key, number in vectors.items():
            loader.load_textual_inversion({key: torch.randn(number, width, generator=generator) / width**0.5})


@pytest.mark.parametrize("name", CLIPS)
def test_ids_are_those_of_the_pipeline(name):
    """What each tokenizer is given while the pipeline encodes, against `token_ids`."""
    pipe = pipeline_with(name)
    for encoder in architecture_of(pipe).encoders:
        real: list[torch.Tensor] = []
        network = getattr(pipe, encoder.component)
        hook = network.register_forward_pre_hook(lambda _, args, into=real: into.append(args[0]))
        pipe.encode_prompt(*_arguments(pipe, list(SENTENCES)))
        hook.remove()
        ids = token_ids(tokenizer_of(pipe, encoder.component), SENTENCES)
        seen = next(r for r in real if len(r) == len(SENTENCES))
        assert torch.equal(ids[:, : seen.shape[1]], seen)


def _arguments(pipe: Any, prompts: list[str]) -> tuple[Any, ...]:
    kind = type(pipe).__name__
    if kind == "StableDiffusionPipeline":
        return (prompts, "cpu", 1, False)
    return (prompts, None, None) if "3" in kind else (prompts,)


@pytest.mark.parametrize("name", CLIPS)
def test_features_are_what_the_layers_receive(name):
    pipe = pipeline_with(name)
    prompt = "a photo of <x>, blue"
    stack, seen = TextStack(pipe), {}
    reads = conditioning_inputs(pipe)
    for number, read in enumerate(reads):
        layer = site_module(pipe, conditioning_sites(pipe, read)[0].name)
        layer.register_forward_pre_hook(lambda _, args, key=number: seen.setdefault(key, args[0].detach()))
    draw(name, pipe, prompt)
    for number, read in enumerate(reads):
        columns, _ = plan_retain_columns(pipe, read, [prompt])
        X, real = stack.input_features(read, [prompt], columns).float(), seen[number][-1]
        if read.kind == "pooled":
            width = int(X.abs().sum(dim=1).nonzero().max()) + 1  # SDXL's sizes follow the text
            torch.testing.assert_close(X[:width, 0], real[:width], atol=2e-5, rtol=1e-4)
        else:
            first = columns[0].positions
            torch.testing.assert_close(X[:, : len(first)].T, real[first], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("eos", [2, None, 5], ids=["legacy", "the tokenizer's", "of no token"])
@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux"])
def test_pooled_vectors_are_taken_where_transformers_takes_them(name, eos):
    """With CLIP's own config (2) an added token, whose id is the greatest, takes the place of the end of text."""
    pipe = pipeline_with(name)
    components = {part for read in conditioning_inputs(pipe) if read.kind == "pooled" for part in sum(read.parts, ())}
    for component in components:
        encoder = getattr(pipe, component)
        if eos is not None:
            for module in encoder.modules():
                if hasattr(module, "eos_token_id"):
                    module.eos_token_id = eos
        ids = token_ids(tokenizer_of(pipe, component), SENTENCES)
        with torch.no_grad():
            out = encoder(ids)
        real = out.text_embeds if hasattr(out, "text_embeds") else out.pooler_output
        torch.testing.assert_close(TextStack(pipe).pooled(component, SENTENCES).T.float(), real, atol=2e-5, rtol=1e-4)


def test_a_legacy_config_pools_at_the_last_vector():
    pipe = pipeline_with("flux")
    pipe.text_encoder.eos_token_id = 2
    layers = TextStack(pipe).layers("text_encoder")
    ids = token_ids(tokenizer_of(pipe, "text_encoder"), ["a photo of <x>, blue", "a dog"])
    assert layers.pooled_positions(ids).positions.tolist() == [6, 3], "<x>_2; end of text"


@pytest.mark.parametrize("name", CLIPS)
def test_a_concepts_place_is_all_its_vectors(name):
    pipe = pipeline_with(name)
    place = locate(tokenizer_of(pipe, "text_encoder"), "a photo of <x>, blue", "<x>")
    if is_written_out(pipe):
        assert (place.spans, place.eos) == ([[4, 5, 6]], 9)
    else:
        assert (place.spans, place.eos) == ([[4]], 7), "SD 3's pipeline reads the first vector alone"


@pytest.mark.parametrize("name", ["stable-diffusion", "sdxl"])
def test_every_vector_is_erased(name):
    """Where every token can be held, the picture of the inversion becomes that of an anchor with as many tokens."""
    pipe = pipeline_with(name)
    plain = {"guidance": 1.0}
    with_x, with_zqv = (draw(name, pipe, f"a photo of {subject}", **plain) for subject in ("<x>", "zqv"))
    made = one_pair("<x>", "zqv", "a photo of {}")
    make_solver("erasepro", EVERYTHING).solve(Model(pipe, name, name, ""), made).apply(pipe)
    erased = draw(name, pipe, "a photo of <x>", **plain)
    assert (erased - with_zqv).abs().mean() < 0.05 * (with_x - with_zqv).abs().mean()


def test_a_folder_gives_the_same_edit(tmp_path):
    pipe = tiny_pipeline(length=77)
    load(pipe, "text_encoder", "tokenizer", LOADED)
    pipe.save_pretrained(tmp_path)
    skeleton = Skeleton(tmp_path)
    assert inversions_of(skeleton.tokenizer) == {"<x>": "<x> <x>_1 <x>_2", "cat2": "cat2 cat2_1"}
    ids = [token_ids(tokenizer_of(p, "text_encoder"), SENTENCES) for p in (pipe, skeleton)]
    assert torch.equal(*ids)
    light = {key: {"preserve": {"kind": "ridge"}} for key in ("text_fit", "cross_attention_fit")}
    one, two = (erasepro.erase(model, {"<x>": "cat"}, **light) for model in (pipe, str(tmp_path)))
    assert one.updates.keys() == two.updates.keys()
    for site, update in one.updates.items():
        torch.testing.assert_close(update.dense(), two.updates[site].dense())


def test_one_name_in_another_is_refused():
    """Which is exchanged first hangs on the order of a Python set of texts, which changes from process to process."""
    pipe = pipeline_with("stable-diffusion", cat=2, cat2=2)
    tokenizer = tokenizer_of(pipe, "text_encoder")
    assert tokenizer.prepare("a cat, a cats") == "a cat cat_1, a cat cat_1s"
    assert tokenizer.prepare("a cat2") == "a cat2 cat2_1"
    with pytest.raises(UserError, match=r"names textual inversions of which one is part of another \(cat, cat2\)") as info:
        tokenizer.prepare("a cat beside a cat2")
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(("first", "second"), [({"<x>": 2}, {"<x>": 3}), ({"<x>": 2}, {})])
@pytest.mark.parametrize("pair", [("<x>", "cat"), ("cat", "<x>")])
def test_encoders_that_cut_it_differently_are_refused(first, second, pair):
    """A target or an anchor with other positions in the two encoders, whose features stand side by side."""
    pipe = build("sdxl")
    load(pipe, "text_encoder", "tokenizer", first)
    load(pipe, "text_encoder_2", "tokenizer_2", second)
    read = conditioning_inputs(pipe)[0]
    with pytest.raises(UserError, match="A textual inversion must be loaded into both, with as many vectors"):
        plan_pair_columns(pipe, read, one_pair(*pair, "a photo of {}, blue").pairs, "all")
