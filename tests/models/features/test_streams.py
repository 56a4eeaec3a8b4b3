"""Streams give the same columns whatever the groups, the memory limit, or what is kept between reading and advancing."""

import errno

import numpy as np
import pytest
import torch

from erasepro.errors import UserError
from erasepro.models.features import streams
from erasepro.models.features.streams import Store, Stream, group, lengths, open_stream
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, token_ids
from erasepro.models.tiny import tiny_pipeline

TEXTS = ["a photo of a dog", "zebra on a blue background", "", "the grumpy cat", "a cat"]
COLUMNS = Columns.of([(3, 2), (0, 5), (1, 7), (0, 1), (2, 0), (3, 3), (4, 2)])


@pytest.fixture(scope="module")
def pipe():
    return tiny_pipeline()


def walk(pipe, edit=True, **options):
    """Read fc2 and edit it in every block; everything that was read, and the features at the end."""
    stream = open_stream(
        TextLayers(pipe.text_encoder).editable_copy(), token_ids(pipe.tokenizer, TEXTS), COLUMNS, **options
    )
    seen = []
    for block in range(3):
        reading = stream.read("mlp.fc2")
        seen += [reading.inputs, reading.middle, reading.output]
        if edit:
            stream.layers.set_weight(block, "mlp.fc2", 0.5 * stream.layers.linear(block, "mlp.fc2").weight)
        stream.advance()
    return [*seen, stream.features()]


def test_lengths_and_groups():
    needed = lengths(5, COLUMNS, Columns.of([(2, 3)]))
    assert needed.tolist() == [6, 8, 4, 4, 3]
    groups = group(needed, 12)
    assert [g.tolist() for g in groups] == [[4, 2, 3], [0], [1]]
    assert sorted(torch.cat(groups).tolist()) == [0, 1, 2, 3, 4]
    assert [len(g) for g in group(torch.tensor([50, 60]), 10)] == [1, 1]  # one prompt may be longer than a group
    assert group(torch.zeros(0, dtype=torch.long), 10) == []


@pytest.mark.parametrize("limit", [0, 3000, 10**9], ids=["all on disk", "some", "none"])
@pytest.mark.parametrize("batch", [1, 64])
def test_groups_and_limits_change_nothing(pipe, monkeypatch, limit, batch):
    want = walk(pipe)
    monkeypatch.setattr(streams, "LIMIT", limit)
    for one, other in zip(want, walk(pipe, batch=batch), strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_an_edit_between_reading_and_advancing_is_seen(pipe):
    edited, plain = walk(pipe), walk(pipe, edit=False)
    assert torch.equal(edited[0], plain[0])
    assert not torch.allclose(edited[3], plain[3], atol=1e-3)
    frozen = walk(pipe, edit=False, frozen=True)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(plain, frozen, strict=True))


def test_columns_of_several_sets_and_prompts_without_any(pipe):
    ids = token_ids(pipe.tokenizer, TEXTS)
    some = Columns.of([(1, 2), (1, 1)])
    needed = lengths(len(ids), COLUMNS, some)
    stream = Stream(TextLayers(pipe.text_encoder), ids, COLUMNS, group(needed, 40), needed)
    whole = open_stream(TextLayers(pipe.text_encoder), ids, some)
    assert torch.allclose(stream.through([0, 1, 2], some), whole.through([0, 1, 2]), atol=1e-12)
    with pytest.raises(UserError, match="No token is left"):
        stream.states(Columns.of([]))


def test_a_full_disk_is_one_clear_line(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(UserError, match=r"No space left on device.*TMPDIR"):
        Store(0).put(0, torch.ones(3))


def test_store_keeps_what_was_put_last():
    store = Store(100)
    store.put(0, torch.ones(10))
    store.put(1, torch.ones(100))
    store.put(0, torch.zeros(10))
    store.put(1, torch.full((2,), 7.0))
    assert float(store.get(0).sum()) == 0
    assert store.get(1).tolist() == [7, 7]
