"""Which (prompt, token) pairs become columns: of the target/anchor prompts, and of the texts to preserve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.concepts.tokens import pair_tokens
from erasepro.errors import unknown

from .features import Columns

if TYPE_CHECKING:
    from erasepro.concepts.prompts import PromptPair

PRESERVE_TOKENS = ("all", "text", "words", "last")
WEIGHTINGS = ("count", "caption", "kind")


@dataclass(frozen=True)
class PairColumns:
    """n aligned columns: column j of the target's features is to behave like column j of the anchor's."""

    target: Columns
    anchor: Columns
    concepts: tuple[str, ...]  # (n,) the target concept of each column
    labels: tuple[str, ...]  # (n,) for messages

    def __len__(self) -> int:
        return len(self.target)

    def per_concept(self) -> Tensor:
        """ω (n,): 1 / (the number of columns of the column's concept), so that each concept counts once."""
        count = Counter(self.concepts)
        return torch.tensor([1.0 / count[name] for name in self.concepts], dtype=torch.float64)


def pair_columns(tokenizer: Any, prompts: Sequence[PromptPair], policy: str) -> PairColumns:
    """The columns that `policy` pairs in these prompts. Row b is prompt pair b in both texts."""
    target, anchor, concepts, labels = [], [], [], []
    for row, p in enumerate(prompts):
        tokens = pair_tokens(tokenizer, p.target_prompt, p.anchor_prompt, p.pair.target, p.pair.anchor, policy)
        for i, j in zip(tokens.target, tokens.anchor, strict=True):
            target.append((row, i))
            anchor.append((row, j))
            concepts.append(p.pair.target)
            labels.append(f"'{p.pair.target}' → '{p.pair.anchor}' (token {i} of '{p.target_prompt}')")
    return PairColumns(Columns.of(target), Columns.of(anchor), tuple(concepts), tuple(labels))


def preserve_columns(
    tokenizer: Any, ids: Tensor, tokens: str = "all", weighting: str = "count"
) -> tuple[Columns, Tensor | None]:
    """The columns to preserve in texts with these ids (B, T), and their weights.

    Args:
        tokens: all positions | text (BOS to the first EOS) | words (between them) | last (the token before EOS, which
            is BOS in the empty text).
        weighting: count (each column once) | caption (each text counts 1 in all) | kind (BOS counts 1 in all, and in
            each text the words 1 and EOS with the paddings 1: repeated tokens do not dominate).
    """
    if tokens not in PRESERVE_TOKENS:
        raise unknown("preserve.tokens", tokens, PRESERVE_TOKENS)
    if weighting not in WEIGHTINGS:
        raise unknown("preserve.weights", weighting, WEIGHTINGS)
    length = ids.shape[1]
    chosen: list[tuple[int, int]] = []
    weights: list[float] = []
    for row, line in enumerate(ids.tolist()):
        eos = line.index(tokenizer.eos_token_id, 1) if tokenizer.eos_token_id in line[1:] else length - 1
        spans = {"all": range(length), "text": range(eos + 1), "words": range(1, eos), "last": range(eos - 1, eos)}
        span = spans[tokens]
        chosen += [(row, i) for i in span]
        if weighting == "caption":
            weights += [1.0 / len(span)] * len(span)
        elif weighting == "kind":
            tail = sum(i >= eos for i in span)
            weights += [1 / len(ids) if i == 0 else 1 / tail if i >= eos else 1 / (eos - 1) for i in span]
    return Columns.of(chosen), torch.tensor(weights, dtype=torch.float64) if weighting != "count" else None
