"""The columns of a retained text."""

import pytest
import torch

from erasepro.models.features.columns import PairColumns, preserve_columns
from erasepro.models.features.text_encoder_layers import Columns, token_ids


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
    columns = PairColumns(at, at, ("dog", "cat", "dog"), ("",) * 3)
    F = torch.tensor([[1.0, 2.0, 5.0]], dtype=torch.float64)
    assert torch.equal(F @ columns.averages(), torch.tensor([[3.0, 2.0]], dtype=torch.float64))
