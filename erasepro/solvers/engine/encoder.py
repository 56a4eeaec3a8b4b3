"""The texts of an edit, and what is asked of a text encoder that they run through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from torch import Tensor

from erasepro.models.features.statistics_store import encoder_digest, statistics_key
from erasepro.models.features.text_encoder_layers import Columns, token_ids
from erasepro.models.features.text_stack import TextStack, tokenizer_of

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

    @property
    def retained_identity(self) -> str:
        """A hash of the original encoder, of the captions that it reads and of how it runs them."""


class FrozenEncoder:
    """An encoder that is read, not edited: targets and anchors run through the same layers."""

    def __init__(self, stack: TextStack, component: str, texts: Texts) -> None:
        self.stack, self.component, self.texts = stack, component, texts

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        return self.stack.tokens(self.component, self.texts.of(stream), columns)

    def pooled(self, stream: str) -> Tensor:
        return self.stack.pooled(self.component, self.texts.of(stream))

    @cached_property
    def retained_identity(self) -> str:
        pipe = self.stack.pipe
        ids = token_ids(tokenizer_of(pipe, self.component), self.texts.retain)
        return statistics_key(encoder_digest(getattr(pipe, self.component)), ids, self.stack.batch, self.stack.dtype)
