"""Recognition rates: the shares of images in which the judge sees the prompt's concept, its anchor, another, or nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from erasepro.results.clusters import Cluster, cluster_of
from erasepro.results.standard_error import PromptSums

ROLES = ("target", "synonym", "anchor", "retain")
PHRASINGS = ("plain", "complex", "paraphrase")
ALL = "all"
Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """A share of images, how many they are, and its standard error (None for fewer than two)."""

    value: float
    n: int
    stderr: float | None


@dataclass(frozen=True)
class RecognitionRates:
    """What the images of one group of prompts show.

    The edited model's images are split into ``concept_shown`` (the prompt's own concept: for target prompts the erasure
    failed, for retain prompts all is well), ``anchor_shown``, ``unrecognised`` (the judge names nothing) and ``other``; these
    sum to 1. ``original`` is the original model's share that shows the prompt's concept on the same prompts and seeds,
    ``retention`` = edited / original over the images both have. A share's ``n`` counts images; its ``value`` is NaN for n = 0.
    """

    role: str
    phrasing: str
    group: str  # the concept, when split by it; else ""
    concept_shown: Share
    anchor_shown: Share
    unrecognised: Share
    other: Share
    subject: Share  # shows the thing drawn, where that is not the concept itself (style sets)
    original: Share
    retention: Share
    errors: int  # images that could not be drawn or read; in no share


def compute_recognition_rates(samples: Iterable[Sample], by_concept: bool = False) -> list[RecognitionRates]:
    """Recognition rates by role and phrasing, and over all phrasings; with `by_concept` also split by the prompts' concept.

    Images of prompts without a concept (captions) are in none: nothing that a judge names would be right or wrong.

    Args:
        samples: rows of ``samples.parquet``: id, seed, role, phrasing, concept, expected_concept, model, prediction, error.
    """
    groups: dict[tuple[str, str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        if not sample["concept"]:
            continue
        group = str(sample["concept"]) if by_concept else ""
        groups[sample["role"], group, sample["phrasing"]].append(sample)
        groups[sample["role"], group, ALL].append(sample)
    keys = sorted(groups, key=lambda k: (_place(ROLES, k[0]), k[1], k[2] == ALL, _place(PHRASINGS, k[2])))
    return [_rates_of_group(*key, groups[key]) for key in keys]


def find_worst_group(rates: Sequence[RecognitionRates], role: str, phrasing: str = ALL) -> RecognitionRates | None:
    """The group that did worst: most of its own concept left on target prompts, the lowest retention elsewhere."""
    groups = [o for o in rates if (o.role, o.phrasing) == (role, phrasing) and o.concept_shown.n]
    if role in ("target", "synonym"):
        return max(groups, key=lambda o: o.concept_shown.value, default=None)
    return min(groups, key=lambda o: math.inf if math.isnan(o.retention.value) else o.retention.value, default=None)


def _rates_of_group(role: str, group: str, phrasing: str, samples: list[Sample]) -> RecognitionRates:
    drawn = [s for s in samples if not s.get("error")]
    edited = {_key(s): _category(s) for s in drawn if s["model"] == "edited"}
    original = {_key(s): float(_category(s) == "concept_shown") for s in drawn if s["model"] == "original"}
    shares = {
        kind: _share((key[0], float(c == kind)) for key, c in edited.items())
        for kind in ("concept_shown", "anchor_shown", "unrecognised", "other")
    }
    pairs = [(key[0], float(edited[key] == "concept_shown"), original[key]) for key in edited if key in original]
    return RecognitionRates(
        role=role,
        phrasing=phrasing,
        group=group,
        **shares,
        subject=_subject(drawn),
        original=_share((key[0], hit) for key, hit in original.items()),
        retention=_retention(pairs),
        errors=len(samples) - len(drawn),
    )


def _category(sample: Sample) -> str:
    prediction = sample["prediction"]
    if prediction is None or prediction == "":
        return "unrecognised"  # first: what cannot be named never counts as anything else
    if prediction == sample["concept"]:
        return "concept_shown"
    return "anchor_shown" if prediction == sample["expected_concept"] else "other"


def _subject(drawn: list[Sample]) -> Share:
    images = [s for s in drawn if s["model"] == "edited" and s.get("subject") and s["subject"] != s["concept"]]
    return _share((cluster_of(s), float(s["concept_seen"] == s["subject"])) for s in images)


def _share(hits: Iterable[tuple[Cluster, float]]) -> Share:
    """Of (cluster, 0 or 1) an image; standard error over prompts."""
    sums = PromptSums()
    for cluster, hit in hits:
        sums.add(cluster, hit)
    return Share(sums.mean, sums.n, sums.stderr(share=True))


def _retention(pairs: list[tuple[Cluster, float, float]]) -> Share:
    """Mean edited / mean original over the same images; standard error by linearisation, e − ratio·o (paired), over prompts.

    Where every image agrees (all lost, or all as before) that would be zero: the share of images that do not is 0 then, and
    its standard error stands in (``standard_error.stderr_of_identical_values``).
    """
    n, base = len(pairs), sum(o for _, _, o in pairs)
    if n == 0 or base == 0:
        return Share(math.nan, n, None)
    ratio, residuals = sum(e for _, e, _ in pairs) / base, PromptSums()
    for cluster, e, o in pairs:
        residuals.add(cluster, e - ratio * o)
    error = residuals.stderr() if any(e != ratio * o for _, e, o in pairs) else residuals.stderr_of_identical_values()
    return Share(ratio, n, error / (base / n) if error is not None else None)


def _key(sample: Sample) -> tuple[Cluster, str]:
    return cluster_of(sample), str(sample["seed"])


def _place(order: Sequence[str], name: str) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)
