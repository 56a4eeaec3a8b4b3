"""Which token of a target's prompt is paired with which token of its anchor's prompt.

Both prompts are the same sentence with one concept exchanged. Every position of the target's text gets its counterpart:

    BOS   a  photo  of  a | grumpy  cat | ,  sitting |  EOS  | pad  pad  pad …
    BOS   a  photo  of  a |         cat | ,  sitting |  EOS  | pad  pad  pad …  pad
    start                 | subject     | word       |  eos  | pad

- start: the tokens before the subject, as far as both texts begin with the same ones. Under causal attention their
  features are equal, so a column of theirs asks for no change.
- subject: sub-tokens aligned from the last backwards. A longer target's first sub-tokens all go to the anchor's first;
  a longer anchor's first sub-tokens are left out. An empty anchor is represented by the token before its place (BOS in
  the empty prompt).
- word: later words one to one, counted from the subject. Words without a counterpart (the anchor's prompt is shorter,
  or empty) are left out.
- eos: end of text to end of text.
- pad: the n-th padding after EOS to the n-th; paddings that only the anchor's text has are left out.
- spare: a longer anchor leaves fewer paddings: the target's last ones go to the anchor's last (to its EOS if its text
  fills the context).
A concept that occurs more than once is paired at every occurrence.

Two more ways take no notice of where the concept stands:

- position: token i of the target's text with token i of the anchor's, to the end of the context.
- common: the tokens that both texts begin with, those that both end with (EOS last), and the paddings after them. A word
  that the two concepts share belongs to their surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erasepro.errors import UserError, unknown
from erasepro.models.features.locate import Located, locate, occurrences

POLICIES: dict[str, tuple[str, ...]] = {
    "last_subject": ("last",),
    "subject": ("first", "last"),
    "subject_to_eos": ("first", "last", "word", "eos"),
    "last_to_eos": ("last", "word", "eos"),
    "start_to_eos": ("start", "first", "last", "word", "eos"),
    "subject_to_end": ("last", "word", "eos", "pad", "spare"),
    "subject_to_common_end": ("last", "word", "eos", "pad"),
    "subject_to_fourth_padding": ("last", "word", "eos", "pad"),
    "subject_to_eighth_padding": ("last", "word", "eos", "pad"),
    "whole_to_end": ("first", "last", "word", "eos", "pad", "spare"),
    "eot": ("eos",),
    "all": ("start", "first", "last", "word", "eos", "pad", "spare"),
    "position": ("position",),
    "position_after_start": ("position but BOS",),
    "surrounding": ("common",),
}
"""Policy -> the parts it pairs ("last": an occurrence's last sub-token; "first": the sub-tokens before it).

``start_to_eos`` is ``all`` without the paddings: BOS and the words before the subject, the subject, the words after it,
and the end of text. Its columns of the start ask for no change, so they hold what comes before the subject in place.
``last_to_eos`` leaves the subject's first sub-tokens alone: under causal attention "h" of "h·or·se" is also the "h" of
"h·ou·se", and to move it is to move both.
``subject_to_common_end`` ends where the longer of the two texts has no padding left.
"""
LAST_PAD = {"subject_to_fourth_padding": 4, "subject_to_eighth_padding": 8}
"""Where a policy ends, in paddings beyond the end of the target's text; the others have no such end."""
WITHOUT_SUBJECT = ("position", "position_after_start", "surrounding")
"""Policies that pair whatever stands there, subject or not."""


@dataclass(frozen=True)
class TokenPairs:
    """Aligned positions, BOS = 0: ``target[j]`` of the target's text goes with ``anchor[j]`` of the anchor's."""

    target: list[int]
    anchor: list[int]

    def __len__(self) -> int:
        return len(self.target)


def pair_tokens(
    tokenizer: Any, target_prompt: str, anchor_prompt: str, target: str, anchor: str, policy: str = "subject_to_end"
) -> TokenPairs:
    """Pair the tokens of two prompts under a policy of ``POLICIES``.

    Sources: UCE's code for ``last_subject``, its paper's numbers and ACE for ``subject_to_common_end``, TRCE for ``eot``,
    RECE for ``position``, SPEED (nudity) for ``position_after_start``, MACE for ``surrounding``; the others are ours.

    Raises UserError where a prompt does not hold its concept, does not fit the tokenizer's context, the two hold their
    concepts a different number of times, or both read as the same tokens.
    """
    if policy not in POLICIES:
        raise unknown("token policy", policy, POLICIES)
    a_text, b_text = matched(tokenizer, target_prompt, anchor_prompt, target, anchor)
    if a_text.ids == b_text.ids and target != anchor:
        raise UserError(
            f"The tokenizer reads {target_prompt!r} and {anchor_prompt!r} as the same tokens: there is nothing to change. "
            f"Choose another anchor for {target!r}, or another word for it."
        )
    wanted = set(POLICIES[policy])
    if policy in WITHOUT_SUBJECT:
        rows = pair_common(a_text, b_text) if policy == "surrounding" else pair_positions(a_text, policy == "position")
        wanted = {part for part, _, _ in rows}
    else:
        rows = align(a_text, b_text)
    if getattr(tokenizer, "causal", True):
        last = a_text.eos + LAST_PAD.get(policy, a_text.context)
        rows = [row for row in rows if row[0] != "pad" or row[1] <= last]
    else:
        rows = _whole_text(rows, wanted, tokenizer.pads)
    chosen = sorted({(t, a) for part, t, a in rows if part in wanted})
    return TokenPairs([t for t, _ in chosen], [a for _, a in chosen])


def _whole_text(rows: list[tuple[str, int, int]], wanted: set[str], most: int) -> list[tuple[str, int, int]]:
    """For an encoder that is not causal: every token knows the target, those before it and the paddings too.

    A policy that pairs what follows the subject up to the end then pairs what precedes it as well, and `most` of the
    paddings from the first on.
    """
    if "eos" in wanted:
        wanted.add("start")
    pads = [row for row in rows if row[0] in ("pad", "spare")]
    rows = [row for row in rows if row[0] not in ("pad", "spare")]
    if "eos" not in wanted:
        return rows
    wanted |= {"pad", "spare"}
    count = min(most, len(pads))
    return rows + [pads[i * len(pads) // count] for i in range(count)]


def matched(
    tokenizer: Any, target_prompt: str, anchor_prompt: str, target: str, anchor: str
) -> tuple[Located, Located]:
    """Both prompts with the concept's places found, the same number in each."""
    a_text, b_text = locate(tokenizer, target_prompt, target), locate(tokenizer, anchor_prompt, anchor)
    if not anchor.strip():
        return a_text, b_text.at_gaps(len(a_text.spans), _start_length(a_text, b_text))
    if len(a_text.spans) != len(b_text.spans):  # the sentence itself may name the anchor: those places are no subjects
        b_text = b_text.without(occurrences(target_prompt, target, anchor))
    if len(a_text.spans) != len(b_text.spans):
        raise UserError(
            f"{target!r} occurs {len(a_text.spans)} time(s) in {target_prompt!r}, but {anchor!r} occurs "
            f"{len(b_text.spans)} time(s) in {anchor_prompt!r}: use the same sentence for both."
        )
    return a_text, b_text


def align(a_text: Located, b_text: Located) -> list[tuple[str, int, int]]:
    """Every ``(part, target position, anchor position)`` of two texts with the same number of spans."""
    rows = [("start", i, i) for i in range(_start_length(a_text, b_text))]
    a_ends = [span[0] for span in a_text.spans[1:]] + [a_text.eos]
    b_ends = [span[0] for span in b_text.spans[1:]] + [b_text.eos]
    for a_span, b_span, a_end, b_end in zip(a_text.spans, b_text.spans, a_ends, b_ends, strict=True):
        for back in range(1, len(a_span) + 1):
            rows.append(("last" if back == 1 else "first", a_span[-back], b_span[-min(back, len(b_span))]))
        a_word, b_word = range(a_span[-1] + 1, a_end), range(b_span[-1] + 1, b_end)
        rows += [("word", i, j) for i, j in zip(a_word, b_word, strict=False)]  # the shorter one decides
    rows.append(("eos", a_text.eos, b_text.eos))
    return rows + _pair_paddings(a_text, b_text)


def pair_positions(a_text: Located, start: bool) -> list[tuple[str, int, int]]:
    """Every position of the target's text with the same one of the anchor's; without the first (BOS) unless `start`."""
    parts = ["word"] * a_text.eos + ["eos"] + ["pad"] * (a_text.context - a_text.eos - 1)
    return [(part, i, i) for i, part in enumerate(parts)][0 if start else 1 :]


def pair_common(a_text: Located, b_text: Located) -> list[tuple[str, int, int]]:
    """The tokens that both texts begin with, those that both end with, and the paddings that both have."""
    a, b = a_text.ids, b_text.ids
    limit = min(len(a), len(b))
    begin = next((i for i in range(limit) if a[i] != b[i]), limit)
    end = next((i for i in range(limit - begin) if a[-1 - i] != b[-1 - i]), limit - begin)
    rows = [("start", i, i) for i in range(begin)]
    rows += [("word", len(a) - i, len(b) - i) for i in range(end, 1, -1)]
    rows += [("eos", a_text.eos, b_text.eos)] if end else []
    return rows + [row for row in _pair_paddings(a_text, b_text) if row[0] == "pad"]


def _pair_paddings(a_text: Located, b_text: Located) -> list[tuple[str, int, int]]:
    """The n-th padding of the target's text with the anchor's n-th ("pad"), or its last token if it has none ("spare")."""
    rows = []
    for i in range(a_text.eos + 1, a_text.context):
        j = b_text.eos + i - a_text.eos
        rows.append(("pad", i, j) if j < b_text.context else ("spare", i, b_text.context - 1))
    return rows


def _start_length(a_text: Located, b_text: Located) -> int:
    """How many tokens both texts begin with, up to the first subject."""
    limit = min(a_text.spans[0][0], b_text.eos)
    same = 0
    while same < limit and a_text.ids[same] == b_text.ids[same]:
        same += 1
    return same
