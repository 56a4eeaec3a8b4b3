"""The text encoder: a causal CLIP text tower (256 wide, 8 blocks) trained contrastively against a small image tower.

A picture and a caption match when everything the caption states is true of the picture, so one picture matches many captions;
the target of the contrastive softmax is spread over all of them. The image tower is thrown away afterwards.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from erasepro.concepts.miniature.captions import Caption, caption
from erasepro.concepts.miniature.names import BACKGROUNDS, DRAWABLES, NAMES, STYLES
from erasepro.recipes.miniature.loop import Loop
from erasepro.recipes.miniature.pictures import SIZE_CLASSES, Pictures, to_unit

LENGTH = 32
VOCABULARY = 1180
WIDTH = 256


def make_tokenizer(folder: Path) -> Any:
    """A CLIPTokenizer with our own byte-level BPE of about 1,160 tokens, saved in `folder` (reused when it is there)."""
    from tokenizers import Tokenizer, decoders, models, trainers
    from transformers import CLIPTokenizer

    if not (folder / "tokenizer_config.json").exists():
        rng = random.Random("tokenizer")
        texts = [
            caption(rng, rng.choice([n for n in (d.name, d.synonym) if n]), *_looks(rng), detail=0.6).text
            for d in DRAWABLES
            for _ in range(150)
        ]
        blank = CLIPTokenizer()
        bpe = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
        bpe.normalizer, bpe.pre_tokenizer = blank.backend_tokenizer.normalizer, blank.backend_tokenizer.pre_tokenizer
        bpe.decoder = decoders.ByteLevel()
        from tokenizers.pre_tokenizers import ByteLevel

        alphabet = sorted(ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY - 256,
            initial_alphabet=alphabet,
            end_of_word_suffix="</w>",
            min_frequency=1,
            special_tokens=["<|startoftext|>", "<|endoftext|>"],
            show_progress=False,
        )
        bpe.train_from_iterator(texts, trainer)
        import json

        learned = json.loads(bpe.to_str())["model"]
        vocab = dict(learned["vocab"])
        for letter in alphabet:  # every byte must also exist at the end of a word
            vocab.setdefault(letter + "</w>", len(vocab))
        merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in learned["merges"]]
        CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def text_config(tokenizer: Any) -> Any:
    """The text tower's CLIPTextConfig."""
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=8,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        hidden_act="quick_gelu",
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _looks(rng: random.Random) -> tuple[str, str, str]:
    size = rng.choices(list(SIZE_CLASSES), weights=(0.2, 0.55, 0.25))[0]
    return rng.choice(list(STYLES)), rng.choice(list(BACKGROUNDS)), size


@dataclass(frozen=True)
class Sample:
    """One picture with the facts a caption may state, and one caption of it."""

    image: np.ndarray  # (3, 64, 64) uint8
    concept: int
    style: str
    background: str
    size: str
    caption: Caption


def sample(pictures: Pictures, rng: random.Random, concept: int | None = None, shift: int = 2) -> Sample:
    """A random picture of `concept` (or any) with a caption that is true of it; synonyms in a quarter of the captions."""
    concept = rng.randrange(len(DRAWABLES)) if concept is None else concept
    drawable = DRAWABLES[concept]
    style, background, size = _looks(rng)
    low, high = SIZE_CLASSES[size]
    side = rng.randrange(low, high + 1, 2)
    image = pictures.draw(
        concept,
        list(STYLES).index(style),
        BACKGROUNDS[background],
        side,
        rng.randint(-shift, shift),
        rng.randint(-shift, shift),
    )
    name = drawable.synonym if drawable.synonym and rng.random() < 0.25 else drawable.name
    return Sample(image, concept, style, background, size, caption(rng, name, style, background, size))


def matches(samples: list[Sample]) -> torch.Tensor:
    """(B, B) float: 1 where the caption of column j is true of the picture of row i."""
    table = torch.zeros(len(samples), len(samples))
    for i, a in enumerate(samples):
        for j, b in enumerate(samples):
            said = b.caption
            table[i, j] = float(
                a.concept == b.concept
                and said.style in (None, a.style)
                and said.background in (None, a.background)
                and said.size in (None, a.size)
            )
    return table


class ImageTower(nn.Module):
    """Pictures (B, 3, 64, 64) in [-1, 1] to unit vectors (B, width); read at 32 × 32."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()

        def block(a: int, b: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(a, b, 3, 2, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(inplace=True),
                nn.Conv2d(b, b, 3, 1, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(inplace=True),
            )

        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, 1, 1), nn.ReLU(inplace=True), block(32, 64), block(64, 128), block(128, 192)
        )
        self.head = nn.Linear(192 * 16, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, 64, 64) to unit vectors (B, width)."""
        return F.normalize(self.head(self.body(F.avg_pool2d(x, 2)).flatten(1)), dim=-1)


class Towers(nn.Module):
    """Text tower, image tower, projection and temperature, trained together."""

    def __init__(self, tokenizer: Any) -> None:
        from transformers import CLIPTextModel

        super().__init__()
        self.text = CLIPTextModel(text_config(tokenizer))
        self.project = nn.Linear(WIDTH, WIDTH, bias=False)
        self.image = ImageTower().to(memory_format=torch.channels_last)
        self.scale = nn.Parameter(torch.tensor(2.5))
        self.eos = tokenizer.eos_token_id

    def text_features(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids (B, L) to unit vectors (B, width), read at the first end-of-text token."""
        states = self.text(input_ids=ids).last_hidden_state  # (B, L, width)
        end = (ids == self.eos).int().argmax(dim=-1)
        return F.normalize(self.project(states[torch.arange(len(ids)), end]), dim=-1)


def train(work: Path, *, steps: int, seed: int = 2, groups: int = 32, members: int = 3) -> Path:
    """`groups` concepts × `members` pictures a step, so that a batch holds pictures that differ only in style or background."""
    torch.manual_seed(seed)
    pictures, tokenizer = Pictures(work), make_tokenizer(work / "tokenizer")
    towers = Towers(tokenizer)
    loop = Loop("text", towers, work, steps=steps, peak=8e-4, decay=0.995)

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(f"{seed}/text/{step}")
        chosen = [c for c in rng.sample(range(len(NAMES)), groups) for _ in range(members)]
        samples = [sample(pictures, rng, c) for c in chosen]
        samples.sort(key=lambda s: len(s.caption.text))
        images = to_unit(np.stack([s.image for s in samples])).to(memory_format=torch.channels_last)
        texts = [s.caption.text for s in samples]
        parts = [
            texts[i : i + len(texts) // 3] for i in range(0, len(texts), len(texts) // 3)
        ]  # sorted: little padding
        ids = [
            tokenizer(p, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt").input_ids for p in parts
        ]
        features = torch.cat([towers.text_features(part) for part in ids])
        logits = towers.scale.exp() * towers.image(images) @ features.T  # (B, B)
        table = matches(samples)
        rows = table / table.sum(1, keepdim=True)
        columns = table / table.sum(0, keepdim=True)
        loss = -(rows * logits.log_softmax(1)).sum(1).mean() / 2 - (columns * logits.log_softmax(0)).sum(0).mean() / 2
        floor = (
            -(rows * rows.clamp_min(1e-9).log()).sum(1).mean() - (columns * columns.clamp_min(1e-9).log()).sum(0).mean()
        ) / 2
        hit = table.gather(1, logits.argmax(1, keepdim=True)).mean()
        back = table.gather(0, logits.argmax(0, keepdim=True)).mean()
        return loss, {"excess": (loss - floor).item(), "i2t": hit.item(), "t2i": back.item()}

    loop.run(loss_at)
    return loop.final
