"""Stable Diffusion 1.4's text encoder and its 32 cross-attention keys and values, full size, with random weights.

Shapes come from the real configs; the rest of the U-Net stays on the meta device, since no closed-form method reads it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.models.base import Model
from erasepro.models.single_file import write_tokenizer


def clip_tokenizer() -> Any:
    """CLIP's own tokenizer, out of the vocabulary that clip-anytorch ships."""
    from transformers import CLIPTokenizer

    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder), pad="<|endoftext|>")
        return CLIPTokenizer.from_pretrained(folder)


def sd14(seed: int = 0) -> Model:
    """A model whose text encoder and keys and values are real in shape and random in value (float32)."""
    from accelerate import init_empty_weights
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(seed)
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768, eos_token_id=49407, bos_token_id=49406,
    )  # fmt: skip
    encoder = CLIPTextModel(text).eval()
    with torch.no_grad():  # CLIP's own start is so small that every token looks alike
        for p in encoder.parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
    with init_empty_weights():
        unet: Any = UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2
        )
    for name, module in unet.named_modules():
        if name.endswith(("attn2.to_k", "attn2.to_v")):
            module.weight = nn.Parameter(torch.randn(module.weight.shape) * 768**-0.5)
    pipe = SimpleNamespace(tokenizer=clip_tokenizer(), text_encoder=encoder, unet=unet, components={})
    return Model(pipe, "sd14-random", "random", "random")


def names(count: int, tokenizer: Any) -> list[str]:
    """Different two-word names, of words that are one token each (the way artists and celebrities are named)."""
    words = sorted(
        w[:-4] for w in tokenizer.get_vocab() if w.endswith("</w>") and w[:-4].isascii() and w[:-4].isalpha()
    )
    words = [w for w in words if 4 <= len(w) <= 9]
    step = len(words) // 2
    return [f"{words[i % step]} {words[step + (i * 7 + i // step) % step]}" for i in range(count)]


def build(n: int, tokenizer: Any) -> EditPrompts:
    """n targets, n anchors of their own and n names to preserve, each a bare name as in UCE's code."""
    made = names(3 * n, tokenizer)
    pairs = tuple(ConceptPair(*p) for p in zip(made[:n], made[n : 2 * n], strict=True))
    concepts = ConceptSet(f"{n} names", "instance", pairs, tuple(made[2 * n :]))
    return EditPrompts(concepts, tuple(PromptPair(p.target, p.anchor, p) for p in pairs), tuple(made[2 * n :]))
