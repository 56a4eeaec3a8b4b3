"""Where a concept's tokens are in a tokenised prompt: found by characters, so that the BPE's pieces need no guess."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from erasepro.concepts.mentions import find_words
from erasepro.errors import UserError

CLIP_CONTEXT = 77


@dataclass(frozen=True)
class Located:
    """A tokenised prompt (BOS = 0) and the concept's places in it.

    ``ids``: token ids up to and with EOS. ``spans``: one list of positions an occurrence. ``eos``: position of the
    first end-of-text. ``context``: positions in all, paddings included.
    """

    ids: list[int]
    spans: list[list[int]]
    eos: int
    context: int

    def without(self, skipped: list[int]) -> Located:
        """Leave out the occurrences of these indices."""
        return replace(self, spans=[span for i, span in enumerate(self.spans) if i not in skipped])

    def at_gaps(self, number: int, start: int) -> Located:
        """For an empty concept: every occurrence stands at the last token that both texts begin with."""
        return replace(self, spans=[[max(start - 1, 0)] for _ in range(number)])


def locate(tokenizer: Any, prompt: str, concept: str) -> Located:
    """Find every occurrence of ``concept`` as whole words, in any case, in the tokenised ``prompt``.

    Neither a part of a word ("apple" in "pineapple") nor a plural counts. A token that is shared with a neighbouring
    sign belongs to the concept. An empty concept has no spans. Raises UserError where the prompt lacks the concept or
    does not fit the context.
    """
    prepare = getattr(tokenizer, "prepare", str)  # what a pipeline makes of a text first
    text, name = (prepare(unicodedata.normalize("NFC", part)) for part in (prompt, concept))
    context = context_length(tokenizer)
    if not getattr(tokenizer, "is_fast", False):
        raise UserError(
            f"The tokenizer {type(tokenizer).__name__} gives no character offsets: use transformers' CLIPTokenizer."
        )
    bare = getattr(tokenizer, "bare", tokenizer)
    encoded = bare(text, return_offsets_mapping=True, truncation=False, padding=False, verbose=False)
    ids, offsets = list(encoded["input_ids"]), list(encoded["offset_mapping"])
    if len(ids) > context:
        raise UserError(
            f"The prompt {prompt!r} has {len(ids)} tokens, but the text encoder reads {context}: shorten the prompt"
            f"{f' or the concept {concept!r}' if concept else ''}."
        )
    spans = []
    for start, end in find_words(text, name):
        inside = [i for i, (left, right) in enumerate(offsets) if left < end and right > start]
        if inside:
            spans.append(inside)
    if concept.strip() and not spans:
        raise UserError(f"The prompt {prompt!r} does not contain the concept {concept!r} as a word of its own.")
    return Located(ids, spans, len(ids) - 1, context)


def occurrences(target_prompt: str, target: str, anchor: str) -> list[int]:
    """Which of the anchor's occurrences, in the sentence with the target exchanged for it, were there before."""
    subjects = find_words(target_prompt, target)
    own = [s for s in find_words(target_prompt, anchor) if not any(s[0] < e and s[1] > b for b, e in subjects)]
    order = sorted([(start, False) for start, _ in subjects] + [(start, True) for start, _ in own])
    return [index for index, (_, was_there) in enumerate(order) if was_there]


def context_length(tokenizer: Any) -> int:
    """The number of positions a text takes; CLIP's 77 where the tokenizer does not say."""
    length = int(getattr(tokenizer, "model_max_length", CLIP_CONTEXT))
    return length if length < 10_000 else CLIP_CONTEXT
