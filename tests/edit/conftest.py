"""A tiny model and an edit made for it."""

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.models.base import Model
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.engine import compaction


def make_model(dtype=torch.float32, seed=0):
    pipe = tiny_pipeline(seed)
    pipe.text_encoder.to(dtype)
    pipe.unet.to(dtype)
    return Model(pipe, "tiny", "random", weights_hash(pipe))


def make_edit(model):
    pair = ConceptPair("dog", "cat")
    build = EditPrompts(
        ConceptSet("test", "instance", (pair,), ("bird",)),
        (PromptPair("a photo of a dog", "a photo of a cat", pair),),
        ("a photo of a bird",),
    )
    every = {"preserve": {"tokens": "all", "ridge": 3e-3}}  # from one sentence, little else generalizes
    config = {"name": "erasepro", "text_fit": every, "cross_attention_fit": every}
    return make_solver("erasepro", config).solve(model, build)


@pytest.fixture(params=["float32", "float16", "bfloat16"])
def model(request):
    return make_model(getattr(torch, request.param))


@pytest.fixture
def model32():
    return make_model()


@pytest.fixture(scope="session")
def edit32():
    return make_edit(make_model())


@pytest.fixture
def other_model():
    return make_model(seed=1)


@pytest.fixture
def solve():
    return make_edit


@pytest.fixture
def model_at():
    return make_model


@pytest.fixture(scope="session")
def compact32():
    """The same edit as `edit32`, kept as a large one is: W_o D and float32 numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "SMALL", 0)
        return make_edit(make_model())
