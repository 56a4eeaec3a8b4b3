"""The columns of a retained text."""

import pytest
import torch

from erasepro.concepts.pairs import ConceptPair
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.models.features import columns as columns_module
from erasepro.models.features.columns import PairColumns, concatenate_columns, pair_columns, preserve_columns
from erasepro.models.features.text_encoder_layers import Columns, token_ids
from erasepro.models.features.token_pairing import TokenPairs


@pytest.mark.parametrize(
    ("tokens", "dog", "empty"),
    [
        ("all", list(range(77)), list(range(77))),
        ("content", list(range(1, 77)), list(range(1, 77))),
        ("text", [0, 1, 2, 3], [0, 1]),
        ("words", [1, 2], []),
        ("last", [2], [0]),
        ("eot", [3], [1]),
    ],
)
def test_tokens_of_a_retained_text(tokenizer, tokens, dog, empty):
    columns, weights = preserve_columns(tokenizer, token_ids(tokenizer, ["a dog", ""]), tokens)
    assert columns.positions[columns.rows == 0].tolist() == dog
    assert columns.positions[columns.rows == 1].tolist() == empty
    assert weights is None


def test_weights_of_one_token_a_text_are_alike(tokenizer):
    for weighting in ("caption", "kind"):
        _, weights = preserve_columns(tokenizer, token_ids(tokenizer, ["a dog", ""]), "eot", weighting)
        assert torch.equal(weights, torch.ones(2, dtype=torch.float64))


def test_the_average_of_each_concepts_columns():
    at = Columns(torch.arange(3), torch.zeros(3, dtype=torch.long))
    columns = PairColumns(at, at, ("dog", "cat", "dog"), ("",) * 3, torch.arange(3))
    F = torch.tensor([[1.0, 2.0, 5.0]], dtype=torch.float64)
    assert torch.equal(F @ columns.averages(), torch.tensor([[3.0, 2.0]], dtype=torch.float64))


def pair(target_prompt, anchor_prompt, forms=None, target="dog", anchor="cat"):
    called = ConceptPair(*forms) if forms else None
    return PromptPair(target_prompt, anchor_prompt, ConceptPair(target, anchor), called)


def held(columns, prompts):
    """The sentences of the columns that hold=names holds."""
    return [prompts[row].target_prompt for row in columns.target.rows[columns.names].unique().tolist()]


def test_names_are_the_shortest_sentence_of_each_concept(tokenizer):
    prompts = [
        pair("a big dog", "a big cat"),
        pair("the bird on a tree", "the fish on a tree", target="bird", anchor="fish"),
        pair("a dog", "a cat"),
        pair("a bird", "a fish", target="bird", anchor="fish"),
        pair("d dog", "d cat"),  # as short, and later
    ]
    columns = pair_columns(tokenizer, prompts, "last_to_eos")
    assert held(columns, prompts) == ["a dog", "a bird"]
    assert len(columns.names) == 4  # the name and the end of text of each
    assert [columns.labels[j].split("'")[1] for j in columns.names.tolist()] == ["dog", "dog", "bird", "bird"]


def test_a_synonym_or_a_plural_is_no_name_where_there_is_one(tokenizer):
    prompts = [
        pair("pup", "cat", ("pup", "cat")),
        pair("a photo of a dog", "a photo of a cat"),
        pair("dogs", "cats", ("dogs", "cats")),
    ]
    assert held(pair_columns(tokenizer, prompts, "last_to_eos"), prompts) == ["a photo of a dog"]
    assert held(pair_columns(tokenizer, prompts[:1], "last_to_eos"), prompts[:1]) == ["pup"]


def test_names_of_several_parts_are_those_of_each(tokenizer):
    prompts = [pair("a big dog", "a big cat"), pair("a dog", "a cat")]
    one = pair_columns(tokenizer, prompts, "last_to_eos")
    both = concatenate_columns([one, one])
    assert both.names.tolist() == [*one.names.tolist(), *(one.names + len(one)).tolist()]


def test_a_sentence_of_which_nothing_is_paired_is_no_name(tokenizer, monkeypatch):
    prompts = [pair("dog", "cat"), pair("a photo of a dog", "a photo of a cat")]
    whole = columns_module.pair_tokens
    nothing = TokenPairs([], [])
    monkeypatch.setattr(columns_module, "pair_tokens", lambda *words: nothing if words[1] == "dog" else whole(*words))
    assert held(pair_columns(tokenizer, prompts, "last_to_eos"), prompts) == ["a photo of a dog"]
