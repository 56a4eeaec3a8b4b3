"""What a judge says of pictures."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """What each of B pictures shows, by a judge that knows C concepts.

    Attributes:
        concept: (B,) names; None where the judge recognises no concept. A CLIP always names one.
        style: (B,) names; None where the judge recognises none, or knows no styles.
        concept_prob: (B, C) softmax probabilities, from 0 to 1.
        concepts: the C names, in the order of ``concept_prob``'s columns.
    """

    concept: list[str | None]
    style: list[str | None]
    concept_prob: Tensor
    concepts: list[str]
