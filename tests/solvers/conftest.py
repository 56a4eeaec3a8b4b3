"""A tiny pipeline and a small erasure, for the solvers' tests."""

import pytest

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.models.base import Model
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from tests.edit.conftest import edit32, model32, other_model

__all__ = ["edit32", "model32", "other_model"]

CAPTIONS = ("a photo of a bird", "a drawing of a house on a blue background", "a painting of a tree", "red car", "")
TEMPLATES = ("a photo of a {}", "{} on a red background")


def make(templates=TEMPLATES, pairs=(("dog", "cat"),), preserve=CAPTIONS):
    concepts = ConceptSet("test", "instance", tuple(ConceptPair(*p) for p in pairs), ("bird", "house", "tree"))
    prompts = [PromptPair(t.format(p.target), t.format(p.anchor), p) for p in concepts.pairs for t in templates]
    return EditPrompts(concepts, tuple(prompts), tuple(preserve))


@pytest.fixture
def make_build():
    return make


@pytest.fixture
def build():
    return make()


@pytest.fixture(scope="session")
def shared_model():
    """One model for tests that never apply an edit (the solvers' promise is that it stays as it is)."""
    pipe = tiny_pipeline()
    return Model(pipe, "tiny", "random", weights_hash(pipe))


@pytest.fixture(scope="session")
def double_model():
    """The same in float64, for equalities."""
    pipe = tiny_pipeline(seed=1)
    pipe.text_encoder.double()
    pipe.unet.double()
    return Model(pipe, "tiny64", "random", weights_hash(pipe))


@pytest.fixture
def model():
    """A model of one's own, to apply edits to."""
    pipe = tiny_pipeline()
    return Model(pipe, "tiny", "random", weights_hash(pipe))


@pytest.fixture(scope="session")
def real_model():
    """The miniature in float64: trained keys, for the equations."""
    from erasepro import load_model

    model = load_model("miniature")
    model.pipe.text_encoder.double()
    model.pipe.unet.double()
    return Model(model.pipe, "miniature64", "miniature", weights_hash(model.pipe))


@pytest.fixture(params=["random keys", "the miniature's keys"])
def any_model(request, double_model):
    if request.param == "random keys":
        return double_model
    return request.getfixturevalue("real_model")
