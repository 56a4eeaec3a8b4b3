"""The count on a sample is the count of all, where sentences are alike, and near it where they are not."""

import pytest

from erasepro.concepts.pairs import ConceptPair
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.models.features.columns import pair_columns
from erasepro.models.features.text_stack import tokenizer_of
from erasepro.solvers.engine.memory import SAMPLE, column_bytes, count_columns

PAIR = ConceptPair("dog", "cat")


def sentences(number, words):
    texts = [f"a {{}}{' red' * words(i)}" for i in range(number)]
    return [PromptPair(text.format("dog"), text.format("cat"), PAIR) for text in texts]


@pytest.mark.parametrize("policy", ["last_subject", "last_to_eos", "subject_to_end"])
@pytest.mark.parametrize("number", [1, SAMPLE, 3 * SAMPLE + 7])
def test_alike_sentences_are_counted_exactly(shared_model, policy, number):
    tokenizer = tokenizer_of(shared_model.pipe, "text_encoder")
    pairs = sentences(number, lambda i: 3)
    assert count_columns(tokenizer, pairs, policy) == len(pair_columns(tokenizer, pairs, policy))


def test_different_sentences_are_counted_nearly(shared_model):
    tokenizer = tokenizer_of(shared_model.pipe, "text_encoder")
    pairs = sentences(1000, lambda i: i * 7 % 10)
    true = len(pair_columns(tokenizer, pairs, "last_to_eos"))
    assert count_columns(tokenizer, pairs, "last_to_eos") == pytest.approx(true, rel=0.1)


def test_no_sentence_needs_nothing(shared_model):
    assert count_columns(tokenizer_of(shared_model.pipe, "text_encoder"), [], "last_subject") == 0
    assert column_bytes(0, 3072, 768) == 0
