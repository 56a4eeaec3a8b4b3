"""The texts of an edit, and what is asked of a text encoder that they run through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from torch import Tensor

from erasepro.models.features.statistics_store import encoder_digest, statistics_key
from erasepro.models.features.text_encoder_layers import Columns, token_ids
from erasepro.models.features.text_stack import TextStack, tokenizer_of

TARGET, ANCHOR = "target", "anchor"
"""The streams of pairs: sentences about the target, the same about the anchor. Those of captions: see `captions`."""


@dataclass(frozen=True)
class Texts:
    """The sentences of an edit: target and anchor prompts row by row, captions to preserve by their stream."""

    target: Sequence[str]
    anchor: Sequence[str]
    captions: Mapping[str, Sequence[str]]

    def of(self, stream: str) -> Sequence[str]:
        """The sentences of TARGET, ANCHOR, or a stream of captions."""
        pairs = {TARGET: self.target, ANCHOR: self.anchor}
        return pairs[stream] if stream in pairs else self.captions[stream]


class Encoder(Protocol):
    """What a conditioning input asks of an encoder, for TARGET, ANCHOR or a stream of captions."""

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        """Features (d, n) at these columns, as the denoiser reads them."""

    def pooled(self, stream: str) -> Tensor:
        """Pooled vectors (d, B), one a text."""

    def identity(self, stream: str) -> str:
        """A hash of the original encoder, of the captions of a stream and of how it runs them."""


class FrozenEncoder:
    """An encoder that is read, not edited: targets and anchors run through the same layers."""

    def __init__(self, stack: TextStack, component: str, texts: Texts) -> None:
        self.stack, self.component, self.texts = stack, component, texts

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        return self.stack.tokens(self.component, self.texts.of(stream), columns)

    def pooled(self, stream: str) -> Tensor:
        return self.stack.pooled(self.component, self.texts.of(stream))

    def identity(self, stream: str) -> str:
        ids = token_ids(tokenizer_of(self.stack.pipe, self.component), self.texts.of(stream))
        return statistics_key(self._weights, ids, self.stack.batch, self.stack.dtype)

    @cached_property
    def _weights(self) -> str:
        return encoder_digest(getattr(self.stack.pipe, self.component))
