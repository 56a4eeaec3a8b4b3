"""A full-size model on disk: real configs, real tokenizers where a package ships them, random weights."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from full_size import clip_tokenizer
from real_configs import MODELS

from erasepro.models.safetensors_stream import NAMES, Piece, write
from erasepro.models.tensor_hashes import raw_bytes

TOKENIZERS = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2", "text_encoder_3": "tokenizer_3"}
BLOCK = 1 << 22  # random numbers that a tensor is tiled from


def configs(name: str, folder: Path) -> Path:
    """model_index.json, every network's config.json and the tokenizers: what a skeleton needs."""
    kind, parts = MODELS[name]
    index: dict[str, Any] = {"_class_name": kind, "_diffusers_version": diffusers.__version__}
    for part, config in parts.items():
        values = {key: value for key, value in config.items() if key != "kind"}
        (folder / part).mkdir(parents=True, exist_ok=True)
        if part in TOKENIZERS:
            cls = getattr(transformers, config["kind"])
            cls.config_class(**values, architectures=[config["kind"]]).save_pretrained(folder / part)
            tokenizer = clip_tokenizer() if config["kind"].startswith("CLIP") else words()
            tokenizer.save_pretrained(folder / TOKENIZERS[part])
            index[TOKENIZERS[part]] = ["transformers", type(tokenizer).__name__]
        else:
            text = json.dumps({"_class_name": config["kind"], **values}, indent=1)
            (folder / part / "config.json").write_text(text, encoding="utf-8")
        index[part] = ["transformers" if part in TOKENIZERS else "diffusers", config["kind"]]
    (folder / "model_index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return folder


def words() -> Any:
    """A stand-in for T5's own tokenizer, which no package ships: common words whole, all others by letters."""
    from erasepro.models.tiny import WORDS

    kept = [f"▁{w}" for w in WORDS] + ["▁"] + [chr(c) for c in range(33, 127)]
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(w, -1.0 - i / 1000) for i, w in enumerate(kept)]
    return transformers.T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=512)


def weights(name: str, folder: Path, dtype: torch.dtype, seed: int = 0) -> int:
    """Random weights for every network of a folder that has its configs, tensor by tensor; returns the bytes written."""
    from erasepro.models.skeleton import Skeleton

    block = torch.randn(BLOCK, generator=torch.Generator().manual_seed(seed))
    total = 0
    for part, module in Skeleton(folder, weights=False).components.items():
        if module is None:
            continue
        stem = "model" if part in TOKENIZERS else "diffusion_pytorch_model"
        shapes = {k: tuple(v.shape) for k, v in module.state_dict().items() if not k.endswith("embed_tokens.weight")}
        pieces = [piece(key, shape, dtype, block) for key, shape in shapes.items()]
        write(folder / part / f"{stem}.safetensors", pieces, {"format": "pt"})
        total += sum(p.size for p in pieces)
    return total


def piece(key: str, shape: tuple[int, ...], dtype: torch.dtype, block: torch.Tensor) -> Piece:
    """One tensor of unit gain: norms are 1, biases 0, matrices tiled from the block."""
    count = math.prod(shape)

    def chunks() -> Iterator[bytes]:
        if len(shape) < 2:
            yield raw_bytes((torch.ones if key.endswith("weight") else torch.zeros)(shape).to(dtype))
            return
        gain = math.prod(shape[1:]) ** -0.5
        shift = sum(map(ord, key)) % 997
        scaled = (block.roll(shift) * gain).to(dtype)
        for start in range(0, count, BLOCK):
            yield raw_bytes(scaled[: min(BLOCK, count - start)])

    return Piece(key, NAMES[dtype], shape, count * torch.empty(0, dtype=dtype).element_size(), chunks)


def size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
