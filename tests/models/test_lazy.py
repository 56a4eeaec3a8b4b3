"""Modules whose weights lie in a checkpoint: the same answers as in memory, and no weight kept."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from erasepro.models.checkpoint import Checkpoint
from erasepro.models.lazy import MANY, attach, embedding, is_plain_half, materialise, source, stream


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return self.inner(x).relu()


class Encoder(nn.Module):
    """A large embedding, two blocks, a norm."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(MANY + 1, 4)
        self.layers = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(4)
        self.register_buffer("position_ids", torch.arange(7)[None], persistent=False)
        self.register_buffer("scale", torch.tensor([2.0]))

    def forward(self, ids):
        x = self.words(ids)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


@pytest.fixture
def pair(tmp_path):
    """An encoder in memory, and its twin on the meta device whose weights are the first one's on disk."""
    whole = Encoder().eval()
    save_file({name: t.contiguous() for name, t in whole.state_dict().items()}, tmp_path / "model.safetensors")
    with torch.device("meta"):
        meta = Encoder()
    attach(meta, Checkpoint(tmp_path))
    return whole, meta


IDS = torch.tensor([[1, MANY, 1], [5, 0, 5]])


def test_weights_are_where_they_were_said_to_be(pair):
    whole, meta = pair
    assert source(whole) is None
    assert isinstance(source(meta), Checkpoint)
    assert "erasepro_weights" not in dict(meta.named_modules())


def test_a_real_submodule_has_the_stored_weights_in_the_precision_asked(pair):
    whole, meta = pair
    block = materialise(meta, "layers.1", torch.float64)
    assert torch.equal(block.inner.weight, whole.layers[1].inner.weight.double())
    assert not block.training
    assert not any(p.requires_grad for p in block.parameters())
    assert all(p.is_meta for p in meta.layers[1].parameters()), "the original stays without"


def test_a_real_root_reads_its_embedding_row_by_row_and_makes_its_buffers(pair):
    whole, meta = pair
    with torch.device("meta"):
        outer = nn.Module()
        outer.inner = Encoder()
    inner = outer.inner
    folder = source(meta).folder
    stored = {f"inner.{name}": t for name, t in whole.state_dict().items()}
    save_file(stored, folder / "diffusion_pytorch_model.safetensors")
    attach(outer, Checkpoint(folder))
    found = materialise(outer, "inner", torch.float32)
    assert torch.equal(found(IDS), whole(IDS))
    assert torch.equal(found.position_ids, whole.position_ids)
    assert torch.equal(found.scale, whole.scale)
    assert not list(found.words.parameters()), "no row is kept"
    assert inner.words.weight.is_meta


def test_an_embedding_reads_each_row_once(pair):
    whole, meta = pair
    rows = embedding(meta, "words", torch.float32)
    assert torch.equal(rows(IDS), whole.words(IDS))
    assert source(meta).read == 4 * 4 * 4, "four different rows of four floats"


def test_a_streamed_encoder_answers_as_the_whole_one_and_drops_what_it_read(pair):
    whole, meta = pair
    streamed = stream(meta, torch.float32)
    assert source(meta).read == 0, "nothing before it is called"
    for _ in range(2):
        assert torch.equal(streamed(IDS), whole(IDS))
        assert all(p.is_meta for p in streamed.parameters())
    once = sum(p.nbytes for name, p in whole.named_parameters() if not name.startswith("words")) + 4 * 4 * 4
    assert source(meta).read == 2 * once, "read at each turn"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_half_precision_encoder_answers_as_in_single_precision_and_stays_as_it_is(pair, dtype):
    half = pair[0].to(dtype)
    half.norm.float()  # a few weights may be wider
    before = {name: (p, p.data_ptr(), p.dtype) for name, p in half.named_parameters()}
    assert is_plain_half(half)
    streamed = stream(half, torch.float32)
    found = [streamed(IDS) for _ in range(2)]
    assert all((p, p.data_ptr(), p.dtype) == before[name] for name, p in half.named_parameters())
    kept = dict(streamed.named_parameters())
    assert all(p is before[name][0] for name, p in kept.items()), "no weight is copied for good"
    wide = half.float()
    assert all(torch.equal(one, wide(IDS)) for one in found)
    assert not is_plain_half(wide)
    with torch.device("meta"):
        assert not is_plain_half(Encoder().half()), "offloaded"
