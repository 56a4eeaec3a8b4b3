"""The judge's training: real pictures under strong augmentation, and four kinds of pictures that show nothing nameable.

Positives: any background colour but the held-out ones, all scales but the held-out ones, shifts, mild blur and noise, also
through the autoencoder. Negatives (caption "nothing"): heavy blur, shuffled patches, blends of two concepts, and drawings
of the denoiser's early snapshots. Held-out pictures for the acceptance test come from `held_out`.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from erasepro.concepts.miniature.captions import caption
from erasepro.concepts.miniature.names import BACKGROUNDS, DRAWABLES, NAMES, STYLES, article
from erasepro.models.miniature.judge import LENGTH, NONE, SCALE, FeatureNet, PictureTower, WordTower
from erasepro.recipes.miniature.loop import Loop
from erasepro.recipes.miniature.pictures import SPRITE_SIZES, Pictures, to_unit
from erasepro.recipes.miniature.text import make_tokenizer

HELD_OUT_SIZES = (46, 52)
HELD_OUT_COLOURS = (
    (255, 250, 205),
    (176, 224, 230),
    (240, 190, 240),
    (215, 235, 215),
    (250, 215, 215),
    (230, 230, 250),
)
SHIFTS = tuple(d for d in range(-8, 9) if abs(d) != 5)
"""Pixels off the middle in training; held-out pictures stand 5 off sideways."""
NEGATIVES = ("blurred", "shuffled", "blended", "early")


def real(pictures: Pictures, rng: random.Random, held_out: bool = False) -> tuple[np.ndarray, int, int]:
    """A real picture with its concept and style; held-out ones differ in background, scale and shift from all trained on."""
    concept, style = rng.randrange(len(DRAWABLES)), rng.randrange(len(STYLES))
    if held_out:
        place = rng.choice(HELD_OUT_SIZES), rng.choice((-5, 5)), rng.randint(-5, 5)
        return pictures.draw(concept, style, rng.choice(HELD_OUT_COLOURS), *place), concept, style
    colour = rng.choice(list(BACKGROUNDS.values()))
    if rng.random() < 0.5:
        colour = (rng.randint(140, 255), rng.randint(140, 255), rng.randint(140, 255))
        while min(max(abs(a - b) for a, b in zip(colour, h, strict=True)) for h in HELD_OUT_COLOURS) < 12:
            colour = (rng.randint(140, 255), rng.randint(140, 255), rng.randint(140, 255))
    size = rng.choice([s for s in SPRITE_SIZES if s not in HELD_OUT_SIZES])
    reach = SHIFTS if rng.random() < 0.75 else (0,)
    return pictures.draw(concept, style, colour, size, rng.choice(reach), rng.choice(reach)), concept, style


def blur(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur of pictures (B, 3, H, W), `sigma` in pixels, edges repeated."""
    radius = max(1, int(3 * sigma))
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).view(1, 1, 1, -1).repeat(3, 1, 1, 1)
    x = F.conv2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), taps, groups=3)
    return F.conv2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), taps.transpose(2, 3), groups=3)


def shuffle_patches(x: torch.Tensor, rng: random.Random, side: int) -> torch.Tensor:
    """One picture (3, 64, 64) with its `side` × `side` patches in random order."""
    patches = F.unfold(x[None], side, stride=side)
    order = list(range(patches.shape[-1]))
    rng.shuffle(order)
    return F.fold(patches[..., order], 64, side, stride=side)[0]


def negative(
    kind: str, pictures: Pictures, rng: random.Random, early: torch.Tensor, held_out: bool = False
) -> torch.Tensor:
    """One picture (3, 64, 64) in [-1, 1] that shows nothing nameable."""
    if kind == "early":
        return early[rng.randrange(len(early))]
    image, concept, _ = real(pictures, rng, held_out)
    x = to_unit(image)
    if kind == "blurred":
        return blur(x[None], rng.uniform(4.0, 8.0))[0]
    if kind == "shuffled":
        return shuffle_patches(x, rng, rng.choice((8, 16)))
    other = concept
    while other == concept:
        second, other, _ = real(pictures, rng, held_out)
    share = rng.uniform(0.4, 0.6)
    return share * x + (1 - share) * to_unit(second)


def augment(x: torch.Tensor, rng: random.Random, generator: torch.Generator) -> torch.Tensor:
    """Mild blur, noise, brightness and contrast on a batch in [-1, 1]."""
    if rng.random() < 0.4:
        x = blur(x, rng.uniform(0.4, 1.0))
    gain = 1 + 0.15 * (torch.rand(len(x), 1, 1, 1, generator=generator) - 0.5)
    lift = (
        0.2
        * (torch.rand(len(x), 3, 1, 1, generator=generator) - 0.5)
        * (torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5)
    )
    noise = rng.uniform(0.0, 0.06) * torch.randn(x.shape, generator=generator)
    return (x * gain + lift + noise).clamp(-1, 1)


class Judge(nn.Module):
    """Both towers."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.picture, self.word = PictureTower().to(memory_format=torch.channels_last), WordTower(vocabulary)


def train_clip(
    work: Path,
    *,
    steps: int,
    decoded: torch.Tensor,
    labels: torch.Tensor,
    early: torch.Tensor,
    seed: int = 21,
    batch: int = 72,
) -> Path:
    """`decoded` (N, 3, 64, 64) are pictures through the autoencoder with `labels` (N, 2) = concept, style; `early` drawings."""
    pictures, tokenizer = Pictures(work), make_tokenizer(work / "tokenizer")
    torch.manual_seed(seed)
    judge = Judge(len(tokenizer))
    loop = Loop("judge", judge, work, steps=steps, peak=2e-3, decay=0.995, weight_decay=0.02)
    none = len(NAMES)

    def texts(rng: random.Random) -> list[str]:
        looks = (rng.choice(list(STYLES)), rng.choice(list(BACKGROUNDS)), "medium")
        concepts = [
            caption(rng, d.synonym if d.synonym and rng.random() < 0.2 else d.name, *looks, detail=0.2, styled=0.0).text
            if rng.random() < 0.5
            else rng.choice(("{}", "a picture of {}", "a drawing of {}", "here we see {}", "a photo of {}")).format(
                article(d.name) if rng.random() < 0.7 else f"a {d.name}"
            )
            for d in DRAWABLES
        ]
        phrasings = (
            "{} style",
            "a picture in {} style",
            "drawn in {} style",
            "as {} art",
            "{} art",
            "by {}",
            "the look of {}",
        )
        return [*concepts, NONE, *(rng.choice(phrasings).format(s) for s in STYLES)]

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(f"{seed}/judge/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        fresh = [real(pictures, rng) for _ in range(batch // 2)]
        pool = torch.randint(0, len(decoded), (batch // 4,), generator=generator)
        bad = torch.stack([negative(NEGATIVES[i % 4], pictures, rng, early) for i in range(batch // 4)])
        x = torch.cat(
            [augment(torch.cat([to_unit(np.stack([f[0] for f in fresh])), decoded[pool]]), rng, generator), bad]
        )
        concept = torch.tensor([f[1] for f in fresh] + labels[pool, 0].tolist() + [none] * len(bad))
        style = torch.tensor([f[2] for f in fresh] + labels[pool, 1].tolist())
        ids = tokenizer(texts(rng), padding=True, truncation=True, max_length=LENGTH, return_tensors="pt").input_ids
        words = judge.word(ids, tokenizer.eos_token_id)
        seen = judge.picture(x.to(memory_format=torch.channels_last))
        logits = SCALE * seen @ words.T
        named = len(style)
        by_concept, by_style = logits[:, : none + 1], logits[:named, none + 1 :]
        loss = F.cross_entropy(by_concept, concept) + F.cross_entropy(by_style, style)
        right = (by_concept.argmax(1) == concept).float()
        return loss, {
            "loss": loss.item(),
            "concept": right[:named].mean().item(),
            "none": right[named:].mean().item(),
            "style": (by_style.argmax(1) == style).float().mean().item(),
        }

    loop.run(loss_at)
    return loop.final


def train_features(
    work: Path, *, steps: int, decoded: torch.Tensor, labels: torch.Tensor, seed: int = 31, batch: int = 64
) -> Path:
    """The feature network of fd_miniature: a classifier of concept and style on real and decoded pictures."""
    pictures = Pictures(work)
    torch.manual_seed(seed)
    net = FeatureNet().to(memory_format=torch.channels_last)
    loop = Loop("features", net, work, steps=steps, peak=2e-3, decay=0.995)

    def loss_at(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        rng = random.Random(f"{seed}/features/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        fresh = [real(pictures, rng) for _ in range(batch // 2)]
        pool = torch.randint(0, len(decoded), (batch // 2,), generator=generator)
        x = torch.cat([to_unit(np.stack([f[0] for f in fresh])), decoded[pool]])
        x = (x + 0.05 * torch.randn(x.shape, generator=generator)).to(memory_format=torch.channels_last)
        concept = torch.tensor([f[1] for f in fresh] + labels[pool, 0].tolist())
        style = torch.tensor([f[2] for f in fresh] + labels[pool, 1].tolist())
        h = net(x)
        a, b = net.concept(h), net.style(h)
        loss = F.cross_entropy(a, concept) + F.cross_entropy(b, style) + 1e-3 * h.square().mean()
        return loss, {"loss": loss.item(), "concept": (a.argmax(1) == concept).float().mean().item()}

    loop.run(loss_at)
    return loop.final
