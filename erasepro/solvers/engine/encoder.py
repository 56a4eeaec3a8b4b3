"""The texts of an edit, and what is asked of a text encoder that they run through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from erasepro.models.features.text_encoder_layers import Columns
from erasepro.models.features.text_stack import TextStack

TARGET, ANCHOR, RETAIN = "target", "anchor", "retain"
"""The streams: sentences about the target, the same about the anchor, captions to preserve."""


@dataclass(frozen=True)
class Texts:
    """The sentences of an edit: target and anchor prompts row by row, captions to preserve."""

    target: Sequence[str]
    anchor: Sequence[str]
    retain: Sequence[str]

    def of(self, stream: str) -> Sequence[str]:
        """The sentences of one of TARGET, ANCHOR, RETAIN."""
        return {TARGET: self.target, ANCHOR: self.anchor, RETAIN: self.retain}[stream]


class Encoder(Protocol):
    """What a conditioning input asks of an encoder, for one of the streams TARGET, ANCHOR, RETAIN."""

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        """Features (d, n) at these columns, as the denoiser reads them."""

    def pooled(self, stream: str) -> Tensor:
        """Pooled vectors (d, B), one a text."""


class FrozenEncoder:
    """An encoder that is read, not edited: targets and anchors run through the same layers."""

    def __init__(self, stack: TextStack, component: str, texts: Texts) -> None:
        self.stack, self.component, self.texts = stack, component, texts

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        return self.stack.tokens(self.component, self.texts.of(stream), columns)

    def pooled(self, stream: str) -> Tensor:
        return self.stack.pooled(self.component, self.texts.of(stream))
