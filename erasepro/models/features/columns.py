"""Which (prompt, token) pairs become columns: of the target/anchor prompts, and of the texts to preserve."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.errors import UserError, unknown
from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.retained_tokens import PRESERVE_TOKENS, WEIGHTINGS
from erasepro.models.features.text_encoder_layers import Columns, token_ids
from erasepro.models.features.text_stack import parts_of, tokenizer_of
from erasepro.models.features.token_pairing import pair_tokens

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import PromptPair


@dataclass(frozen=True)
class PairColumns:
    """n aligned columns: column j of the target's features is to behave like column j of the anchor's."""

    target: Columns
    anchor: Columns
    concepts: tuple[str, ...]  # (n,) the target concept of each column
    labels: tuple[str, ...]  # (n,) for messages
    names: Tensor  # (h,) ascending: the columns of each concept's shortest sentence under its own name

    def __len__(self) -> int:
        return len(self.target)

    def per_concept(self) -> Tensor:
        """ω (n,): 1 / (the number of columns of the column's concept), so that each concept counts once."""
        count = Counter(self.concepts)
        return torch.tensor([1.0 / count[name] for name in self.concepts], dtype=torch.float64)

    def averages(self) -> Tensor:
        """A (n, c), concepts in the order of their first column: F A holds the mean of each concept's columns of F (d, n)."""
        order = {name: i for i, name in enumerate(dict.fromkeys(self.concepts))}
        A = torch.zeros(len(self.concepts), len(order), dtype=torch.float64)
        A[torch.arange(len(A)), [order[name] for name in self.concepts]] = self.per_concept()
        return A


def pair_columns(tokenizer: Any, prompts: Sequence[PromptPair], policy: str) -> PairColumns:
    """The columns that `policy` pairs in these prompts. Row b is prompt pair b in both texts."""
    target, anchor, concepts, labels = [], [], [], []
    found: dict[int, range] = {}
    for row, p in enumerate(prompts):
        tokens = pair_tokens(tokenizer, p.target_prompt, p.anchor_prompt, p.called.target, p.called.anchor, policy)
        for i, j in zip(tokens.target, tokens.anchor, strict=True):
            target.append((row, i))
            anchor.append((row, j))
            concepts.append(p.pair.target)
            labels.append(f"'{p.pair.target}' → '{p.pair.anchor}' (token {i} of '{p.target_prompt}')")
        found[row] = range(len(labels) - len(tokens.target), len(labels))
    names = [column for row in _shortest(prompts, [row for row in found if found[row]]) for column in found[row]]
    held = torch.tensor(names, dtype=torch.long)
    return PairColumns(Columns.of(target), Columns.of(anchor), tuple(concepts), tuple(labels), held)


def _shortest(prompts: Sequence[PromptPair], rows: Iterable[int]) -> list[int]:
    """Of these rows each concept's shortest sentence, the first of several: one with its own name, where there is such."""
    best: dict[tuple[str, str], tuple[bool, int, int]] = {}
    for row in rows:
        p = prompts[row]
        rank = p.called.target != p.pair.target, len(p.target_prompt), row
        pair = p.pair.target, p.pair.anchor
        best[pair] = min(rank, best.get(pair, rank))
    return sorted(row for *_, row in best.values())


def preserve_columns(
    tokenizer: Any, ids: Tensor, tokens: str = "all", weighting: str = "count", start: bool = True
) -> tuple[Columns, Tensor | None]:
    """The columns to preserve in texts with these ids (B, T), and their weights.

    Args:
        tokens: all positions (of an encoder that is not causal: the text, and a few of its paddings) | content (those
            but BOS) | text (BOS to the first EOS) | words (between them) | last (the token before EOS, which is BOS in the
            empty text) | eot (the first EOS).
        weighting: count (each column once) | caption (each text counts 1 in all) | kind (BOS counts 1 in all, and in
            each text the words 1 and EOS with the paddings 1: repeated tokens do not dominate).
        start: of kind: False gives BOS no weight, where it is counted with other texts.
    """
    if tokens not in PRESERVE_TOKENS:
        raise unknown("preserve.tokens", tokens, PRESERVE_TOKENS)
    if weighting not in WEIGHTINGS:
        raise unknown("preserve.weights", weighting, WEIGHTINGS)
    length, end = ids.shape[1], tokenizer.eos_token_id  # a tokenizer's attributes take long to look up
    starts, causal = getattr(tokenizer, "starts", 1), getattr(tokenizer, "causal", True)

    def whole(eos: int) -> Sequence[int]:
        if causal:
            return range(length)
        pads, count = range(eos + 1, length), min(tokenizer.pads, length - eos - 1)
        return [*range(eos + 1), *(pads[i * len(pads) // count] for i in range(count))]

    spans: dict[str, Callable[[int], Sequence[int]]] = {
        "all": whole,
        "content": lambda eos: whole(eos)[starts:],
        "text": lambda eos: range(eos + 1),
        "words": lambda eos: range(starts, eos),
        "last": lambda eos: range(max(eos - 1, 0), max(eos, 1)),
        "eot": lambda eos: range(eos, eos + 1),
    }

    chosen: list[tuple[int, int]] = []
    weights: list[float] = []
    for row, line in enumerate(ids.tolist()):
        eos = line.index(end, starts) if end in line[starts:] else length - 1
        span = spans[tokens](eos)
        chosen += [(row, i) for i in span]
        if weighting == "caption":
            weights += [1.0 / max(len(span), 1)] * len(span)
        elif weighting == "kind":
            tail = sum(i >= eos for i in span)
            first = start / len(ids)  # of BOS, the same in every text
            weights += [first if i < starts else 1 / tail if i >= eos else 1 / (eos - starts) for i in span]
    return Columns.of(chosen), torch.tensor(weights, dtype=torch.float64) if weighting != "count" else None


def plan_pair_columns(
    pipe: Any, read: ConditioningInput, prompts: Sequence[PromptPair], policy: str
) -> list[PairColumns]:
    """For each part of a conditioning input, the columns that `policy` pairs in its encoders' tokens; a column a prompt
    for pooled ones.

    Raises:
        UserError: encoders that stand side by side but cut a prompt into different tokens.
    """
    if read.kind == "pooled":
        every = Columns(torch.arange(len(prompts)), torch.zeros(len(prompts), dtype=torch.long))
        labels = tuple(f"'{p.pair.target}' → '{p.pair.anchor}' (pooled '{p.target_prompt}')" for p in prompts)
        names = torch.tensor(_shortest(prompts, range(len(prompts))))
        pooled = PairColumns(every, every, tuple(p.pair.target for p in prompts), labels, names)
        return [pooled] * len(parts_of(pipe, read))
    found = []
    for part in parts_of(pipe, read):
        mine = [pair_columns(tokenizer_of(pipe, name), prompts, policy) for name in part]
        for name, other in zip(part, mine, strict=True):
            if not _are_same(mine[0], other):
                raise UserError(
                    f"{part[0]} and {name} cut the prompts into different tokens: they cannot be read together. A textual "
                    "inversion must be loaded into both, with as many vectors."
                )
        found.append(mine[0])
    return found


def _are_same(first: PairColumns, second: PairColumns) -> bool:
    """Whether both pair the same positions of the same prompts."""
    sides = ((first.target, second.target), (first.anchor, second.anchor))
    return all(torch.equal(a.rows, b.rows) and torch.equal(a.positions, b.positions) for a, b in sides)


def concatenate_columns(parts: Sequence[PairColumns]) -> PairColumns:
    """The columns of all parts, one after the other (as `join_features` orders them)."""
    target = Columns(torch.cat([p.target.rows for p in parts]), torch.cat([p.target.positions for p in parts]))
    anchor = Columns(torch.cat([p.anchor.rows for p in parts]), torch.cat([p.anchor.positions for p in parts]))
    concepts, labels = sum((p.concepts for p in parts), ()), sum((p.labels for p in parts), ())
    first = [0, *itertools.accumulate(len(p) for p in parts)]
    names = torch.cat([p.names + at for p, at in zip(parts, first, strict=False)])
    return PairColumns(target, anchor, concepts, labels, names)


def plan_retain_columns(
    pipe: Any, read: ConditioningInput, texts: Sequence[str], tokens: str = "all", weighting: str = "count",
    start: bool = True,
) -> tuple[list[Columns], Tensor | None]:
    """For each part of a conditioning input the columns of texts to preserve, and the weights of them all (None: 1 each).

    Arguments as in `preserve_columns`.
    """
    parts = parts_of(pipe, read)
    if read.kind == "pooled":
        return [Columns(torch.arange(len(texts)), torch.zeros(len(texts), dtype=torch.long))] * len(parts), None
    found = []
    for part in parts:
        tokenizer = tokenizer_of(pipe, part[0])
        found.append(preserve_columns(tokenizer, token_ids(tokenizer, texts), tokens, weighting, start))
    weights = [w for _, w in found if w is not None]
    return [columns for columns, _ in found], torch.cat(weights) if weights else None
