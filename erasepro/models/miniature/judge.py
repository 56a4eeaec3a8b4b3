"""The miniature's judge: a small CLIP that can say "none of these", and a feature network for `fd_miniature`.

Both were trained apart from the drawing model, with other seeds, architectures and augmentations (`train/judge.py`).

    B images · C concepts · d = 128 (joint space) · f = 64 (features of fd_miniature)
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from erasepro.concepts.miniature.names import NAMES, STYLES, article
from erasepro.models.prediction import Prediction

WEIGHTS = Path(__file__).parent / "weights"
NONE = "nothing"
CONCEPT_PHRASINGS = ("{c}", "a picture of {c}", "a drawing of {c}", "here we see {c}")
STYLE_PHRASINGS = ("{s} style", "a picture in {s} style", "drawn in {s} style", "as {s} art")
LENGTH, WIDTH, SCALE = 32, 128, 14.0


def _stage(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.SiLU(),
        nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b), nn.SiLU(),
    )  # fmt: skip


class PictureTower(nn.Module):
    """Pictures (B, 3, 64, 64) in [-1, 1] to unit vectors (B, 128)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_stage(3, 32), _stage(32, 64), _stage(64, 128), _stage(128, 192))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(192 * 16, 256), nn.SiLU(), nn.Linear(256, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, 64, 64) in [-1, 1] to unit vectors (B, 128)."""
        return F.normalize(self.head(self.body(x)), dim=-1)


class WordTower(nn.Module):
    """Token ids (B, L) to unit vectors (B, 128): two bidirectional blocks, mean over the words."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Embedding(LENGTH, WIDTH)
        block = nn.TransformerEncoderLayer(WIDTH, 4, 2 * WIDTH, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, WIDTH)

    def forward(self, ids: torch.Tensor, end: int) -> torch.Tensor:
        """Token ids (B, L) padded with ``end``, the end-of-text token, to unit vectors (B, 128)."""
        padding = (ids == end).cumsum(1) > 1  # after the first end-of-text
        x = self.words(ids) + self.places.weight[: ids.shape[1]]
        x = self.blocks(x, src_key_padding_mask=padding)
        keep = (~padding).float().unsqueeze(-1)
        return F.normalize(self.head((x * keep).sum(1) / keep.sum(1)), dim=-1)


class FeatureNet(nn.Module):
    """Pictures (B, 3, 64, 64) in [-1, 1] to features (B, 64) and logits over concepts and styles."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 24, 5, 2, 2), nn.ReLU()]
        for a, b in ((24, 48), (48, 96), (96, 128)):
            layers += [nn.Conv2d(a, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 64))
        self.concept, self.style = nn.Linear(64, len(NAMES)), nn.Linear(64, len(STYLES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, 64, 64) in [-1, 1] to features (B, 64)."""
        return self.body(x)


class MiniatureJudge:
    """Judge of 64 × 64 pictures given as uint8 (B, 3, 64, 64)."""

    def __init__(
        self,
        picture: PictureTower,
        word: WordTower,
        features: FeatureNet,
        tokenizer: Any,
        threshold: float,
        scale: float = 1.0,
    ) -> None:
        self.picture, self.word, self.features = picture.eval(), word.eval(), features.eval()
        self.tokenizer, self.threshold, self.scale = tokenizer, threshold, scale

    @cached_property
    def key(self) -> str:
        """Name and hash of the judge's weights (see ``erasepro.metrics.networks.feature_cache``)."""
        digest = hashlib.sha256()
        for net in (self.picture, self.word, self.features):
            for name, tensor in net.state_dict().items():
                digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
        return f"miniature-judge-{digest.hexdigest()[:12]}"

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> MiniatureJudge:
        """The shipped judge. Raises FileNotFoundError when its weights are missing."""
        from transformers import CLIPTokenizer

        settings = json.loads((folder / "judge.json").read_text())
        return cls.from_weights(
            load_file(str(folder / "judge.safetensors")),
            CLIPTokenizer.from_pretrained(folder / "pipeline" / "tokenizer"),
            settings["none_threshold"],
            settings["feature_scale"],
        )

    @classmethod
    def from_weights(
        cls, weights: dict[str, torch.Tensor], tokenizer: Any, threshold: float, scale: float = 1.0
    ) -> MiniatureJudge:
        """The judge from tensors named picture.*, word.* and features.* (any float type)."""
        picture, word, features = PictureTower(), WordTower(len(tokenizer)), FeatureNet()
        for name, net in (("picture", picture), ("word", word), ("features", features)):
            part = {k[len(name) + 1 :]: v for k, v in weights.items() if k.startswith(name + ".")}
            net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in part.items()})
        return cls(picture, word, features, tokenizer, threshold, scale)

    @torch.inference_mode()
    def image_features(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 (B, 3, 64, 64) to unit vectors (B, 128)."""
        return self.picture(_unit(images))

    @torch.inference_mode()
    def text_features(self, texts: list[str]) -> torch.Tensor:
        """Captions to unit vectors (n, 128)."""
        ids = self.tokenizer(texts, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt").input_ids
        return self.word(ids, self.tokenizer.eos_token_id)

    @torch.inference_mode()
    def fd_features(self, images: torch.Tensor) -> torch.Tensor:
        """Features (B, 64) of about unit size each, for the Fréchet distance `fd_miniature` and for KID."""
        return self.features(_unit(images)) / self.scale

    @torch.inference_mode()
    def stage_features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Maps after each stage of the picture tower, [(B, C_l, H_l, W_l)], for perceptual distances."""
        x, maps = _unit(images), []
        for stage in self.picture.body:
            x = stage(x)
            maps.append(x)
        return maps

    @cached_property
    def _concept_text(self) -> torch.Tensor:
        return self._prototypes([[w.format(c=article(n)) for w in CONCEPT_PHRASINGS] for n in NAMES] + [[NONE]])

    @cached_property
    def _style_text(self) -> torch.Tensor:
        return self._prototypes([[w.format(s=s) for w in STYLE_PHRASINGS] for s in STYLES])

    def _prototypes(self, phrasings: list[list[str]]) -> torch.Tensor:
        """Mean unit vector of each class's captions (n, 128): zero-shot classification as CLIP does it."""
        return torch.stack([F.normalize(self.text_features(w).mean(0), dim=0) for w in phrasings])

    @torch.inference_mode()
    def classify(self, images: torch.Tensor) -> Prediction:
        """``predict`` of pictures, uint8 (B, 3, 64, 64)."""
        return self.predict(self.image_features(images))

    @torch.inference_mode()
    def predict(self, features: torch.Tensor) -> Prediction:
        """Zero-shot over concept and style captions; None where the caption "nothing" wins or no concept is sure enough.

        ``features``: (B, 128), from ``image_features``.
        """
        chance = (SCALE * features @ self._concept_text.T).softmax(-1)  # (B, C + 1)
        best, index = chance[:, :-1].max(-1)
        named = best >= self.threshold
        style = (features @ self._style_text.T).argmax(-1)
        return Prediction(
            concept=[NAMES[i] if ok else None for i, ok in zip(index.tolist(), named.tolist(), strict=True)],
            style=[list(STYLES)[i] if ok else None for i, ok in zip(style.tolist(), named.tolist(), strict=True)],
            concept_prob=chance[:, :-1],
            concepts=list(NAMES),
        )


def _unit(images: torch.Tensor) -> torch.Tensor:
    return images.float().div(127.5).sub(1.0)
