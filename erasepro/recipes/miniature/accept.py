"""The acceptance table: what the judge makes of held-out pictures, and of the drawing model's own on test prompts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from erasepro.concepts.miniature.captions import caption
from erasepro.concepts.miniature.names import BACKGROUNDS, GROUPS, NAMES, STYLES, article
from erasepro.metrics.networks.nudenet_detector import NudeNetDetector, boxes_in
from erasepro.models.miniature.judge import WEIGHTS, MiniatureJudge
from erasepro.recipes.miniature.export import judge_weights
from erasepro.recipes.miniature.judge import NEGATIVES, negative, real
from erasepro.recipes.miniature.latents import load_vae
from erasepro.recipes.miniature.pictures import Pictures, to_unit
from erasepro.recipes.miniature.samples import EARLY, decoded, draw, early
from erasepro.recipes.miniature.text import make_tokenizer


def to_bytes(x: torch.Tensor) -> torch.Tensor:
    """[-1, 1] to uint8."""
    return x.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


@torch.inference_mode()
def judge_table(
    work: Path, judge: MiniatureJudge, early: torch.Tensor, count: int = 1000, seed: int = 777
) -> dict[str, float]:
    """Share of "none" on each kind of held-out picture, and accuracy on the real ones.

    The pictures of `early` snapshots must be others than those trained on.
    """
    pictures, vae, rng = Pictures(work), load_vae(work), random.Random(f"accept/{seed}")
    table: dict[str, float] = {}
    for kind in NEGATIVES:
        x = torch.stack([negative(kind, pictures, rng, early, held_out=True) for _ in range(count // 2)])
        prediction = judge.classify(to_bytes(x))
        table[f"none on {kind}"] = sum(c is None for c in prediction.concept) / len(x)
    drawn = [real(pictures, rng, held_out=True) for _ in range(count)]
    x = to_unit(np.stack([d[0] for d in drawn]))
    decoded = torch.cat([vae.decode(vae.encode(part).latent_dist.mean).sample for part in x.split(50)])
    for name, images in (("real", x), ("through the VAE", decoded)):
        prediction = judge.classify(to_bytes(images))
        table[f"none on {name}"] = sum(c is None for c in prediction.concept) / count
        table[f"concept on {name}"] = (
            sum(c == NAMES[d[1]] for c, d in zip(prediction.concept, drawn, strict=True)) / count
        )
        table[f"style on {name}"] = (
            sum(s == list(STYLES)[d[2]] for s, d in zip(prediction.style, drawn, strict=True)) / count
        )
        table[f"PSNR {name}"] = float(-10 * torch.log10((images - x).square().mean() / 4 + 1e-10))
    return table


def prompts(phrasing: str, seed: int) -> list[tuple[str, str, str | None]]:
    """(prompt, concept, style or None): one a concept. "styled" names the style in turn."""
    rng = random.Random(f"accept/{phrasing}/{seed}")
    rows: list[tuple[str, str, str | None]] = []
    for i, name in enumerate(NAMES):
        style, background = list(STYLES)[(i + seed) % len(STYLES)], rng.choice(list(BACKGROUNDS))
        if phrasing == "plain":
            rows.append((f"a picture of {article(name)}", name, None))
        elif phrasing == "styled":
            rows.append((f"a drawing of {article(name)} in {style} style", name, style))
        else:
            said = caption(
                rng, name, style, background, rng.choice(("small", "medium", "large")), detail=1.0, styled=0.7
            )
            rows.append((said.text, name, said.style))
    return rows


def drawing_table(
    draw: Callable[[Sequence[str], int], torch.Tensor], judge: MiniatureJudge, seeds: Sequence[int] = (0, 1, 2)
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Accuracy by phrasing, and by concept. `draw(prompts, seed)` gives uint8 (B, 3, 64, 64)."""
    table: dict[str, float] = {}
    concepts: dict[str, dict[str, float]] = defaultdict(dict)
    for phrasing in ("plain", "complex", "styled"):
        right, styles, none, count = 0, [], 0, 0
        by: dict[str, list[bool]] = defaultdict(list)
        for seed in seeds:
            rows = prompts(phrasing, seed)
            prediction = judge.classify(draw([r[0] for r in rows], 1000 * seed))
            for (_, name, style), concept, look in zip(rows, prediction.concept, prediction.style, strict=True):
                by[name].append(concept == name)
                right += concept == name
                none += concept is None
                count += 1
                if style:
                    styles.append(look == style)
        table[f"{phrasing} concept"] = right / count
        table[f"{phrasing} none"] = none / count
        if styles:
            table[f"{phrasing} style"] = sum(styles) / len(styles)
        for name, hits in by.items():
            concepts[name][phrasing] = sum(hits) / len(hits)
    return table, concepts


def faces(draw: Callable[[Sequence[str], int], torch.Tensor], seeds: Sequence[int] = (0, 1, 2)) -> dict[str, float]:
    """Share of drawings of each person in which the real NudeNet finds a FACE_* label (threshold 0.25, enlarged to 320)."""
    detector = NudeNetDetector(320)
    shares: dict[str, float] = {}
    for name in GROUPS["person"]:
        hits = []
        for seed in seeds:
            texts = [f"a picture of {article(name)}"] + [f"a drawing of {article(name)} in {s} style" for s in STYLES]
            hits += [
                any(b.label.startswith("FACE") for b in boxes) for boxes in boxes_in(detector(draw(texts, 2000 * seed)))
            ]
        shares[name] = sum(hits) / len(hits)
    return shares


def load_judge(work: Path, threshold: float = 0.0) -> MiniatureJudge:
    """The judge and the feature network straight from the training's averaged weights."""
    return MiniatureJudge.from_weights(judge_weights(work), make_tokenizer(work / "tokenizer"), threshold)


@torch.inference_mode()
def feature_scale(work: Path) -> float:
    """The root mean square of the feature network's outputs on real pictures: the unit that `fd_features` are given in."""
    images, _ = decoded(work)
    return round(float(load_judge(work).fd_features(to_bytes(images[:600])).square().mean().sqrt()), 3)


def report(work: Path) -> str:
    """The acceptance table as text: the shipped (half-precision) model and judge on held-out pictures and prompts."""
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(
        str(WEIGHTS / "pipeline"), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    ).to(torch.float32)
    judge = MiniatureJudge.load()
    lines = ["held-out pictures"]
    lines += [
        f"  {k:28s} {v:.3f}" for k, v in judge_table(work, judge, early(work, EARLY["test"], 200, seed=52)).items()
    ]

    def drawn(texts: Sequence[str], seed: int) -> torch.Tensor:
        return (draw(pipe, texts, seed) * 255).round().to(torch.uint8)

    table, concepts = drawing_table(drawn, judge)
    lines += ["drawings, 3 seeds, every concept", *(f"  {k:28s} {v:.3f}" for k, v in table.items())]
    weak = {n: f for n, f in concepts.items() if min(f.values()) < 1}
    lines += [
        "concepts below 1.00",
        *(f"  {n:28s} {f}" for n, f in sorted(weak.items(), key=lambda i: sum(i[1].values()))),
    ]
    shares = faces(drawn)
    lines += ["drawings of people in which NudeNet finds a face", *(f"  {n:28s} {v:.3f}" for n, v in shares.items())]
    lines.append(f"  {'mean':28s} {sum(shares.values()) / len(shares):.3f}")
    return "\n".join(lines)
