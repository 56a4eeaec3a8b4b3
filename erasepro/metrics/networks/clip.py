"""CLIP as a judge: zero-shot classes, texts and pictures in one space (Radford et al., arXiv 2103.00020).

B images · C classes · d joint space
chance = softmax(scale · cos(image, text of each class))                (sec. 3.1.2)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from erasepro.models.prediction import Prediction

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of RGB in [0, 1], as CLIP was trained."""


class ClipJudge:
    """A CLIP with a list of classes (see ``networks.judge.Judge``).

    Args:
        network: whose weights they are; they name the cached features (``key``).
        encode_image: pixels (B, 3, S, S), normalised, to (B, d). encode_text: sentences to (n, d).
        size: S. scale: the logit scale. name: of the model, for the key.
        concepts, styles: the classes; template, style_template: a class's sentence, ``{c}`` its place.
    """

    def __init__(
        self,
        network: nn.Module,
        encode_image: Callable[[Tensor], Tensor],
        encode_text: Callable[[list[str]], Tensor],
        *,
        size: int,
        scale: float,
        name: str,
        concepts: Sequence[str],
        styles: Sequence[str],
        template: str,
        style_template: str,
        device: torch.device,
    ) -> None:
        self._network, self._image, self._text = network, encode_image, encode_text
        self.size, self.scale, self.name, self._device = size, scale, name, device
        self.concepts, self.styles = list(concepts), list(styles)
        self.template, self.style_template = template, style_template
        self._last: tuple[Tensor, Tensor] | None = None  # one batch's embeddings serve both kinds of features

    @cached_property
    def key(self) -> str:
        """Name and hash of the weights, and how pictures are prepared."""
        digest = hashlib.sha256(f"pil-bicubic-{self.size}".encode())
        for name, tensor in sorted(self._network.state_dict().items()):
            digest.update(name.encode() + tensor.detach().cpu().contiguous().float().numpy().tobytes())
        return f"clip-{digest.hexdigest()[:12]}"

    def fd_features(self, images: Tensor) -> Tensor:
        """Image embeddings (B, d) before they are brought to length 1, for ``clip_fd`` and KID."""
        if self._last is None or self._last[0] is not images:
            with torch.inference_mode():
                pixels = preprocess(images, self.size).to(self._device)
                self._last = images, self._image(pixels).float().cpu()
        return self._last[1]

    def image_features(self, images: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) uint8 to unit vectors (B, d)."""
        return F.normalize(self.fd_features(images), dim=-1)

    @torch.inference_mode()
    def text_features(self, texts: list[str]) -> Tensor:
        """Sentences to unit vectors (n, d); what is beyond 77 tokens is cut off."""
        parts = [self._text(texts[i : i + 256]).float().cpu() for i in range(0, len(texts), 256)]
        return F.normalize(torch.cat(parts), dim=-1)

    def predict(self, features: Tensor) -> Prediction:
        """The best of the classes for image features (B, d), and the softmax over all of them."""
        chance = (self.scale * features.float() @ self._concept_text.T).softmax(-1)  # (B, C)
        return Prediction(
            concept=_best(chance, self.concepts),
            style=_best(features.float() @ self._style_text.T, self.styles),
            concept_prob=chance,
            concepts=self.concepts,
        )

    @cached_property
    def _concept_text(self) -> Tensor:
        return self._sentences(self.template, self.concepts)

    @cached_property
    def _style_text(self) -> Tensor:
        return self._sentences(self.style_template, self.styles)

    def _sentences(self, template: str, classes: Sequence[str]) -> Tensor:
        """(C, d); without classes (0, d)."""
        texts = [template.replace("{c}", name) for name in classes]
        return self.text_features(texts) if texts else self.text_features([""])[:0]


def _best(scores: Tensor, names: Sequence[str]) -> list[str | None]:
    return [names[i] for i in scores.argmax(-1).tolist()] if names else [None] * len(scores)


def preprocess(images: Tensor, size: int) -> Tensor:
    """Pictures (B, 3, H, W) uint8 to what CLIP was trained on: (B, 3, size, size), normalised.

    The shorter side is resized by PIL's bicubic filter and the middle is cut out: the same numbers as CLIP's own ``preprocess``
    gives for the same picture.
    """
    return torch.stack([_preprocess_picture(image, size) for image in images])


def _preprocess_picture(image: Tensor, size: int) -> Tensor:
    picture = Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).cpu().numpy()))
    short = min(picture.size)
    if short != size:
        wide, tall = (int(size * side / short) if side != short else size for side in picture.size)
        picture = picture.resize((wide, tall), Image.Resampling.BICUBIC)
    left, top = round((picture.width - size) / 2), round((picture.height - size) / 2)
    picture = picture.crop((left, top, left + size, top + size))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
