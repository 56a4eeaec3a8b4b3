"""Prompts become embeddings, each text once, in chunks that hang on the list alone."""

import logging
from types import SimpleNamespace

import pytest
import torch

from erasepro.generation.encode import PromptEncoder


class Tokenizer:
    """A token a word, four at most."""

    model_max_length = 4

    def __init__(self, *added):
        self.levels = []
        self.added_tokens_encoder = {name: number for number, name in enumerate(added)}

    def tokenize(self, prompt, verbose):
        return prompt.split()

    def __call__(self, prompts):
        self.levels.append(logging.getLogger("transformers").level)
        return SimpleNamespace(input_ids=[p.split() for p in prompts])


class Pipe:
    """Embeds a text as its length in every one of two tokens, and counts what it is asked."""

    _execution_device = "cpu"

    def __init__(self):
        self.calls = []
        self.tokenizer = Tokenizer()

    def encode_prompt(self, prompts, device, images, do_classifier_free_guidance):
        assert (device, images, do_classifier_free_guidance) == ("cpu", 1, False)
        self.calls.append(list(prompts))
        return torch.tensor([[[float(len(p))], [float(len(p))]] for p in prompts]), None


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(PromptEncoder, "chunk", 2)
    monkeypatch.setattr(PromptEncoder, "keep", 2)


def test_embeddings_come_in_the_order_asked_with_the_empty_prompts(small):
    encode = PromptEncoder(Pipe(), ["a", "bb", "ccc"], guided=True)
    embeds, blank = encode(["ccc", "a", "ccc"])
    assert embeds[:, 0, 0].tolist() == [3, 1, 3]
    assert embeds.shape == blank.shape == (3, 2, 1)
    assert blank.abs().sum() == 0
    assert encode(["a"], guided=False)[1] is None
    assert PromptEncoder(Pipe(), ["a"], guided=False)(["a"])[1] is None


def test_a_prompt_is_encoded_once_in_chunks_of_the_whole_list(small):
    pipe = Pipe()
    encode = PromptEncoder(pipe, ["a", "bb", "a", "ccc", "bb"], guided=False)
    assert pipe.calls == [], "nothing before it is needed"
    encode(["bb"])
    encode(["a", "bb"])
    encode(["ccc"])
    assert pipe.calls == [["a", "bb"], ["ccc"]]


def test_only_the_last_chunks_are_kept(small):
    pipe = Pipe()
    encode = PromptEncoder(pipe, list("abcdef"), guided=False)
    for prompt in "ace":
        encode([prompt])
    encode(["f"])
    encode(["d"])
    assert len(pipe.calls) == 3, "two chunks are held"
    encode(["a"])
    assert pipe.calls[-1] == ["a", "b"], "the first one was given up"


def test_a_prompt_that_was_not_announced_is_an_error(small):
    with pytest.raises(KeyError, match="stranger"):
        PromptEncoder(Pipe(), ["a"], guided=False)(["stranger"])


def test_long_prompts_are_said_once(caplog):
    with caplog.at_level(logging.WARNING, "erasepro.generation.encode"):
        PromptEncoder(Pipe(), ["one two three four five", "one", "a b c d", "1 2 3 4 5 6"], guided=False)
    assert [r.getMessage() for r in caplog.records] == [
        "2 of 4 prompts are longer than 4 tokens; what comes after is ignored."
    ]


def test_a_textual_inversion_counts_with_all_its_vectors(caplog):
    pipe = Pipe()
    pipe.tokenizer = Tokenizer("<x>", "<x>_1", "<x>_2")
    with caplog.at_level(logging.WARNING, "erasepro.generation.encode"):
        PromptEncoder(pipe, ["a <x>", "one two <x>"], guided=False)
    assert [r.getMessage() for r in caplog.records] == [
        "1 of 2 prompts are longer than 4 tokens; what comes after is ignored."
    ]


def test_libraries_are_silent_meanwhile_and_speak_again_afterwards():
    logger, pipe = logging.getLogger("transformers"), Pipe()
    level = logger.level
    PromptEncoder(pipe, ["a"], guided=False)
    assert pipe.tokenizer.levels == [logging.ERROR]
    assert logger.level == level
