"""Every architecture: what its description says is what the real pipeline does, and an edit goes all the way through it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

import erasepro
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.errors import UserError
from erasepro.models.architectures import ARCHITECTURES, architecture, architecture_of
from erasepro.models.base import Model
from erasepro.models.features.columns import plan_retain_columns
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.models.sites import conditioning_sites, site_module, text_sites
from erasepro.models.skeleton import Skeleton
from erasepro.models.tensor_hashes import raw_bytes
from erasepro.solvers import make_solver
from tests.models.pipelines import BUILDERS, build, draw

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

PROMPT = "a photo of a dog"
EVERYTHING = {
    "name": "erasepro", "text_token_policy": "all", "cross_attention_token_policy": "all",
    **{
        key: {"independence_threshold": 1e-5, "unselected_weight": 0.0, "preserve": {"kind": "none"}}
        for key in ("text_fit", "cross_attention_fit")
    },
}  # fmt: skip

LIGHT: dict[str, Any] = {key: {"preserve": {"kind": "ridge"}} for key in ("text_fit", "cross_attention_fit")}

FULL_SIZE: dict[str, tuple[dict[tuple[int, int], int], list[int]]] = {
    "sd14": ({(320, 768): 10, (640, 768): 10, (1280, 768): 12}, [12]),
    "sd21": ({(320, 1024): 10, (640, 1024): 10, (1280, 1024): 12}, [23]),
    "sdxl": ({(640, 2048): 20, (1280, 2048): 120, (1280, 2816): 1}, [11, 32]),
    "sd3": ({(1536, 4096): 1, (1536, 2048): 1}, [12, 32]),
    "sd35_large": ({(2432, 4096): 1, (2432, 2048): 1}, [12, 32]),
    "flux_dev": ({(3072, 4096): 1, (3072, 768): 1}, [12]),
    "pixart_sigma": ({(1152, 1152): 56}, []),
    "wan21_1b": ({(1536, 1536): 60}, []),
    "wan22_14b": ({(5120, 5120): 160}, []),
    "cogvideox_2b": ({(1920, 4096): 1}, []),
    "cogvideox_5b": ({(3072, 4096): 1}, []),
}
"""Model → shapes of the denoiser's sites, and how many blocks of each CLIP encoder can be edited (SDXL reads the first
encoder before its last block)."""


def one_pair(target: str = "dog", anchor: str = "cat", sentence: str = "a photo of a {}") -> EditPrompts:
    pair = ConceptPair(target, anchor)
    prompts = PromptPair(sentence.format(target), sentence.format(anchor), pair)
    return EditPrompts(ConceptSet("one", "instance", (pair,)), (prompts,), ())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.ci_slow if name.startswith(("sd35", "sd3_")) else ()) for name in FULL_SIZE]
)
def test_full_size_configs_list_their_sites(name, tmp_path):
    from write_model import configs

    shapes, blocks = FULL_SIZE[name]
    skeleton = Skeleton(configs(name, tmp_path), weights=False)
    assert all(p.is_meta for part in skeleton.components.values() if part is not None for p in part.parameters())
    sites = [site for read in conditioning_inputs(skeleton) for site in conditioning_sites(skeleton, read)]
    assert Counter(tuple(site_module(skeleton, s.name).weight.shape) for s in sites) == shapes
    clips = [e.component for e in skeleton.architecture.encoders if e.family == "clip"]
    assert [len(text_sites(skeleton, ["mlp.fc2"], component)) for component in clips] == blocks


@pytest.mark.parametrize("name", BUILDERS)
def test_features_are_what_the_layers_receive(name):
    """The inputs of every kind of site, caught while the real pipeline draws, against the features that solvers use."""
    pipe = build(name)
    stack = TextStack(pipe)
    seen: dict[str, torch.Tensor] = {}

    def keep(key: str) -> Any:
        return lambda _, args: seen.setdefault(key, args[0].detach())

    reads = [r for r in conditioning_inputs(pipe) if r.denoiser != "transformer_2"]  # which runs in the last steps only
    for number, read in enumerate(reads):
        site_module(pipe, conditioning_sites(pipe, read)[0].name).register_forward_pre_hook(keep(str(number)))
    draw(name, pipe, PROMPT)
    for number, read in enumerate(reads):
        columns, _ = plan_retain_columns(pipe, read, [PROMPT])
        X = stack.input_features(read, [PROMPT], columns).float()  # (d, n)
        real = seen[str(number)][-1]  # (T, d), or (d,) where pooled; of several, the unguided come first
        if read.kind == "pooled":
            width = int(X.abs().sum(dim=1).nonzero().max()) + 1  # SDXL's sizes follow the text
            torch.testing.assert_close(X[:width, 0], real[:width], atol=2e-5, rtol=1e-4)
            continue
        start, at = 0, []
        for part, mine in zip(read.parts, columns, strict=False):
            at += (mine.positions + start).tolist()
            encoder = architecture_of(pipe).encoder(part[0])
            start += encoder.length or getattr(pipe, encoder.tokenizer).model_max_length
        torch.testing.assert_close(X.T, real[at], atol=2e-5, rtol=1e-4)


def test_wan_reads_a_cleaned_prompt():
    """What the pipeline makes of quotes, HTML and spaces before its tokenizer is made of them here too."""
    pipe = build("wan")
    read = conditioning_inputs(pipe)[0]
    stack = TextStack(pipe)
    for dirty, clean in (("a  photo of a dog &amp; cat ", "a photo of a dog & cat"), ("a dog\n", "a dog")):
        one, two = (
            stack.input_features(read, [text], plan_retain_columns(pipe, read, [text])[0]) for text in (dirty, clean)
        )
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", ["sdxl", pytest.param("sd3", marks=pytest.mark.ci_slow)])
def test_the_text_stage_alone_reaches_every_block(name):
    """The pooled vector depends on the last block, whether or not what reads it is edited."""
    model = Model(build(name), name, name, "")
    alone = erasepro.erase(model, {"dog": "cat"}, cross_attention=False, **LIGHT)
    whole = erasepro.erase(model, {"dog": "cat"}, **LIGHT)
    assert set(alone.updates) == {site for site in whole.updates if site.startswith("text_encoder")}
    assert any("text_encoder_2" in site and "layers.2" in site for site in alone.updates)


@pytest.mark.parametrize("name", BUILDERS)
def test_erase_apply_draw_revert(name):
    """Where every token can be held, the target's picture becomes the anchor's; apply and revert are exact."""
    pipe = build(name)
    before = {f"{part}.{k}": raw_bytes(v) for part, m in _networks(pipe) for k, v in m.state_dict().items()}
    plain = {"guidance": 1.0}  # the empty prompt of guidance may change too
    dog, cat = draw(name, pipe, PROMPT, **plain), draw(name, pipe, "a photo of a cat", **plain)
    edit = make_solver(EVERYTHING["name"], EVERYTHING).solve(Model(pipe, name, name, ""), one_pair())
    assert {f"{part}.{k}": raw_bytes(v) for part, m in _networks(pipe) for k, v in m.state_dict().items()} == before
    edit.apply(pipe)
    erased = draw(name, pipe, PROMPT, **plain)
    edit.revert(pipe)
    assert {f"{part}.{k}": raw_bytes(v) for part, m in _networks(pipe) for k, v in m.state_dict().items()} == before
    torch.testing.assert_close(draw(name, pipe, PROMPT, **plain), dog, atol=0, rtol=0)
    apart, left = (dog - cat).abs().mean(), (erased - cat).abs().mean()
    assert apart > 1e-5
    # T5's paddings are read where nothing is masked: hundreds of columns, more than these tiny layers have dimensions
    whole = all(e.causal or e.padding != "read" for e in architecture_of(pipe).encoders) or name == "sd3-without-t5"
    assert left < (0.05 if whole else 1.0) * apart, f"{left:.2e} of {apart:.2e}"


@pytest.mark.parametrize(
    ("name", "solver"),
    [("sdxl", "uce"), ("sdxl", "oce"), ("sd3", "alphaedit")]
    + [pytest.param("sdxl", one, marks=pytest.mark.ci_slow) for one in ("rece", "speed", "alphaedit", "ace_zero")]
    + [pytest.param(*pair, marks=pytest.mark.ci_slow) for pair in (("sd3", "uce"), ("pixart", "uce"), ("pixart", "alphaedit"))],
)
def test_every_kind_of_solver_walks_every_kind_of_read(name, solver):
    model = Model(build(name), name, name, "")
    if name == "pixart" and solver == "alphaedit":
        with pytest.raises(UserError, match="CLIP"):
            erasepro.erase(model, {"dog": "cat"}, solver=solver, preserve=["car", "bus"])
        return
    options = {} if solver == "alphaedit" else {"prompts": "bare"}
    edit = erasepro.erase(model, {"dog": "cat"}, solver=solver, preserve=["car", "bus", "tree"], **options)
    components = {name.split(".")[0] for name in edit.updates}
    expected = (
        {"text_encoder", "text_encoder_2"} if solver == "alphaedit" else set(architecture_of(model.pipe).denoisers)
    )
    assert components == expected
    edit.check(model.pipe)


def test_an_unsupported_pipeline_is_told_what_is_supported():
    with pytest.raises(UserError, match=r"KolorsPipeline is not supported\. Supported: .*FluxPipeline.*To add one"):
        architecture("KolorsPipeline")
    assert len({pipe for one in ARCHITECTURES for pipe in one.pipelines}) == sum(len(one.pipelines) for one in ARCHITECTURES)


def _networks(pipe: Any) -> list[tuple[str, torch.nn.Module]]:
    return [(name, part) for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)]
