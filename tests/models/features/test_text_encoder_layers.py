"""Features read block by block are what the encoder itself computes."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.models.features.columns import preserve_columns
from erasepro.models.features.streams import encode, open_stream
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, token_ids
from erasepro.models.sites import parameter
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers.training.denoiser import parameters_of

TEXTS = ["a photo of a dog", "zebra on a blue background", "", "the grumpy cat"]
COLUMNS = Columns.of([(3, 2), (0, 5), (1, 7), (0, 1), (2, 0), (3, 3)])


@pytest.fixture(scope="module")
def pipe():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def reference(pipe):
    """Inputs and outputs of block 1's linears and the last hidden state, by hooks on a full forward in float32."""
    seen = {}
    block = next(m for n, m in pipe.text_encoder.named_modules() if n.endswith("layers.1"))
    hooks = [
        block.get_submodule(k).register_forward_pre_hook(lambda _, a, k=k: seen.update({k: a[0]}))
        for k in ("self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")
    ]
    hooks.append(block.register_forward_hook(lambda _, a, out: seen.update(out=out)))
    with torch.no_grad():
        seen["last"] = pipe.text_encoder(token_ids(pipe.tokenizer, TEXTS))[0]
    for hook in hooks:
        hook.remove()
    return {k: COLUMNS.gather(v).double() for k, v in seen.items()}


@pytest.mark.parametrize("batch", [1, 3, 64])
@pytest.mark.parametrize("kind", ["self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2"])
def test_readings_match_a_full_forward(pipe, reference, kind, batch):
    stream = open_stream(TextLayers(pipe.text_encoder), token_ids(pipe.tokenizer, TEXTS), COLUMNS, batch)
    stream.advance()
    reading = stream.read(kind)
    assert torch.allclose(reading.inputs, reference[kind], atol=1e-5)
    assert torch.allclose(reading.output, reference["out"], atol=1e-5)
    collected = torch.zeros_like(reading.inputs)
    stream.visit(kind, lambda part, mine: collected.index_copy_(1, mine, part))
    assert torch.equal(collected, reading.inputs)


def test_encode_is_what_the_unet_reads(pipe, reference):
    got = encode(TextLayers(pipe.text_encoder), token_ids(pipe.tokenizer, TEXTS), COLUMNS, batch=2)
    assert torch.allclose(got, reference["last"], atol=1e-5)
    assert got.dtype == torch.float64


def test_twins_are_apart(pipe):
    layers = TextLayers(pipe.text_encoder)
    twin = layers.editable_copy()
    with torch.no_grad():
        twin.set_weight(0, "mlp.fc2", torch.zeros_like(twin.linear(0, "mlp.fc2").weight))
    assert float(twin.linear(0, "mlp.fc2").weight.abs().sum()) == 0
    assert float(layers.linear(0, "mlp.fc2").weight.abs().sum()) > 0
    assert all(not p.requires_grad for p in layers.blocks[0].parameters())


def test_preserve_columns_and_weights(pipe):
    ids = token_ids(pipe.tokenizer, ["a dog", ""])  # BOS a dog EOS pad… / BOS EOS pad…
    length = ids.shape[1]
    rows = {
        tokens: list(zip(*(t.tolist() for t in (c.rows, c.positions)), strict=True))
        for tokens in ("all", "text", "words", "last")
        for c in [preserve_columns(pipe.tokenizer, ids, tokens)[0]]
    }
    assert len(rows["all"]) == 2 * length
    assert rows["text"] == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    assert rows["words"] == [(0, 1), (0, 2)]
    assert rows["last"] == [(0, 2), (1, 0)]
    _, weights = preserve_columns(pipe.tokenizer, ids, "all", "kind")
    assert weights[:3].tolist() == [0.5, 0.5, 0.5]
    assert float(weights.sum()) == pytest.approx(0.5 * 2 + 1 + 2)  # BOS once, the words once, two tails
    _, weights = preserve_columns(pipe.tokenizer, ids, "text", "caption")
    assert float(weights.sum()) == pytest.approx(2)


def test_any_parameter_is_replaced_here_and_nowhere_else():
    pipe = tiny_pipeline()
    layers = TextLayers(pipe.text_encoder, torch.float64)
    copy = layers.editable_copy()
    ids = torch.tensor([[0, 5, 6, 1]])
    before = layers.embed(ids)
    for name in parameters_of(pipe.text_encoder, "text_encoder"):
        value = parameter(pipe, name)
        path = name.partition(".")[2]
        copy.set_parameter(path if path.endswith((".weight", ".bias")) else f"{path}.weight", torch.full_like(value, 0.25))
    for module in (copy.embeddings, copy.final_norm, *copy.blocks):
        assert all(bool((p == 0.25).all()) for p in module.parameters())
    assert torch.equal(layers.embed(ids), before)
    assert not any(bool((p == 0.25).all()) for block in layers.blocks for p in block.parameters())
    with pytest.raises(UserError, match=r"has no parameter 'nothing.weight'"):
        copy.set_parameter("nothing.weight", before)
