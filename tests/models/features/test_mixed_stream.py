"""Prompts in two streams answer as in one."""

import pytest
import torch

from erasepro.models.features.mixed_stream import MixedStream
from erasepro.models.features.streams import Stream, group, lengths
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, token_ids
from erasepro.models.tiny import tiny_pipeline

PROMPTS = ["a photo of a dog", "dog", "a red dog on a car", "the house of a dog", "dog and cat"]
COLUMNS = Columns.of([(0, 5), (3, 2), (1, 1), (0, 6), (4, 1), (2, 3), (1, 2), (4, 7)])
FEW = Columns.of([(1, 2), (3, 5)])


@pytest.fixture(scope="module")
def pipe():
    return tiny_pipeline()


@pytest.fixture
def ids(pipe):
    return token_ids(pipe.tokenizer, PROMPTS)


def opened(encoder, ids, parts):
    """A stream of each of these prompts in its own precision, beside each other."""
    streams = []
    for rows, dtype in parts:
        rows = torch.tensor(rows)
        needed = torch.full((len(rows),), 9)
        streams.append((rows, Stream(TextLayers(encoder, dtype), ids[rows], COLUMNS, group(needed, 18), needed)))
    return MixedStream(streams)


def answers(stream, columns):
    read = stream.read("mlp.fc2", columns)
    later = stream.states(columns), stream.features(columns), stream.through([0, 1], columns)
    return read.inputs, read.middle, read.output, *later


@pytest.mark.parametrize("columns", [COLUMNS, FEW], ids=["of both", "of one"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_two_streams_answer_as_one(pipe, ids, dtype, tolerance, columns):
    encoder = pipe.text_encoder
    needed = lengths(len(ids), COLUMNS)
    one = Stream(TextLayers(encoder), ids, COLUMNS, group(needed, 99), needed)
    two = opened(encoder, ids, [([1, 3], torch.float64), ([0, 2, 4], dtype)])
    for _ in range(2):
        for found, wanted in zip(answers(two, columns), answers(one, columns), strict=True):
            assert found.dtype == torch.float64
            assert float((found - wanted).norm() / wanted.norm()) < tolerance
        for stream in (one, two):
            stream.advance()
        assert two.block == one.block


def test_groups_come_with_the_numbers_of_their_columns(pipe, ids):
    two = opened(pipe.text_encoder, ids, [([1, 3], torch.float64), ([0, 2, 4], torch.float32)])
    whole = two.read("mlp.fc2", COLUMNS).inputs
    seen = []
    for numbers, reading in two.scan("mlp.fc2", COLUMNS):
        assert torch.equal(reading.inputs, whole[:, numbers])
        seen += numbers.tolist()
    assert sorted(seen) == list(range(len(COLUMNS)))
    assert len(seen) > 1


def test_a_weight_is_put_in_both(pipe, ids):
    two = opened(pipe.text_encoder, ids, [([1, 3], torch.float64), ([0, 2, 4], torch.float32)])
    before = two.through([0], COLUMNS)
    two.set_weight(0, "mlp.fc2", torch.zeros_like(two.layers.linear(0, "mlp.fc2").weight))
    assert bool(((two.through([0], COLUMNS) - before).norm(dim=0) > 1e-3).all())
