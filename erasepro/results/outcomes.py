"""From per-sample rows to shares: erased, anchor, none, other, kept; each with n and its standard error."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from erasepro.results.standard_error import PromptSums

ROLES = ("target", "synonym", "anchor", "kept")
WORDINGS = ("plain", "complex", "paraphrase")
ALL = "all"
Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """A share of images, how many they are, and its standard error (None for fewer than two)."""

    value: float
    n: int
    stderr: float | None


@dataclass(frozen=True)
class Outcome:
    """What the images of one group of prompts show.

    The edited model's images are split into ``own`` (the prompt's own concept: for target prompts the erasure failed,
    for kept prompts all is well), ``anchor``, ``none`` (cannot be named) and ``other``; these sum to 1. ``original`` is
    the original model's ``own`` on the same prompts and seeds, ``ratio`` = own / original over the images both have.
    """

    role: str
    wording: str
    group: str  # the concept, when split by it; else ""
    own: Share
    anchor: Share
    none: Share
    other: Share
    subject: Share  # shows the thing drawn, where that is not the concept itself (style sets)
    original: Share
    ratio: Share
    errors: int  # images that could not be drawn or read; in no share


def outcomes(samples: Iterable[Sample], by_concept: bool = False) -> list[Outcome]:
    """Outcomes by role and wording, and over all wordings; with `by_concept` also split by the prompts' concept.

    Args:
        samples: rows of ``metrics.score``: id, seed, role, wording, concept, expects, model, verdict, error.
    """
    groups: dict[tuple[str, str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        group = str(sample["concept"]) if by_concept else ""
        groups[sample["role"], group, sample["wording"]].append(sample)
        groups[sample["role"], group, ALL].append(sample)
    keys = sorted(groups, key=lambda k: (_place(ROLES, k[0]), k[1], _place((*WORDINGS, ALL), k[2])))
    return [_outcome(*key, groups[key]) for key in keys]


def worst(found: Sequence[Outcome], role: str, wording: str = ALL) -> Outcome | None:
    """The group that did worst: most of its own concept left on target prompts, the lowest ratio elsewhere."""
    mine = [o for o in found if (o.role, o.wording) == (role, wording) and o.own.n]
    if role in ("target", "synonym"):
        return max(mine, key=lambda o: o.own.value, default=None)
    return min(mine, key=lambda o: math.inf if math.isnan(o.ratio.value) else o.ratio.value, default=None)


def _outcome(role: str, group: str, wording: str, samples: list[Sample]) -> Outcome:
    drawn = [s for s in samples if not s.get("error")]
    edited = {_key(s): _category(s) for s in drawn if s["model"] == "edited"}
    original = {_key(s): float(_category(s) == "own") for s in drawn if s["model"] == "original"}
    shares = {
        kind: _share((key[0], float(c == kind)) for key, c in edited.items())
        for kind in ("own", "anchor", "none", "other")
    }
    both = [(key[0], float(edited[key] == "own"), original[key]) for key in edited if key in original]
    return Outcome(
        role=role,
        wording=wording,
        group=group,
        **shares,
        subject=_subject(drawn),
        original=_share((key[0], hit) for key, hit in original.items()),
        ratio=_ratio(both),
        errors=len(samples) - len(drawn),
    )


def _category(sample: Sample) -> str:
    verdict = sample["verdict"]
    if verdict is None or verdict == "":
        return "none"  # first: what cannot be named never counts as anything else
    if verdict == sample["concept"]:
        return "own"
    return "anchor" if verdict == sample["expects"] else "other"


def _subject(drawn: list[Sample]) -> Share:
    asked = [s for s in drawn if s["model"] == "edited" and s.get("subject") and s["subject"] != s["concept"]]
    return _share((str(s["id"]), float(s["concept_seen"] == s["subject"])) for s in asked)


def _share(hits: Iterable[tuple[str, float]]) -> Share:
    """Of (prompt, 0 or 1) an image; standard error over prompts."""
    sums = PromptSums()
    for prompt, hit in hits:
        sums.add(prompt, hit)
    return Share(sums.mean, sums.n, sums.stderr(share=True))


def _ratio(pairs: list[tuple[str, float, float]]) -> Share:
    """Mean edited / mean original over the same images; standard error by linearisation, e − ratio·o (paired), over prompts.

    Where every image agrees (all lost, or all as before) that would be zero: the share of images that do not is 0 then, and
    its standard error stands in (``standard_error.alike_stderr``).
    """
    n, base = len(pairs), sum(o for _, _, o in pairs)
    if n == 0 or base == 0:
        return Share(math.nan, n, None)
    ratio, left = sum(e for _, e, _ in pairs) / base, PromptSums()
    for prompt, e, o in pairs:
        left.add(prompt, e - ratio * o)
    error = left.stderr() if any(e != ratio * o for _, e, o in pairs) else left.alike_stderr()
    return Share(ratio, n, error / (base / n) if error is not None else None)


def _key(sample: Sample) -> tuple[str, str]:
    return str(sample["id"]), str(sample["seed"])


def _place(order: Sequence[str], name: str) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)
