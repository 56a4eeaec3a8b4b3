"""Images that have no score: the judge abstained, or they could not be drawn or read. They never count as an absent concept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from erasepro.results.recognition import ALL, RecognitionRates


@dataclass(frozen=True)
class Unscored:
    """How many of the edited model's images have no score.

    Attributes:
        abstained: the judge named nothing in them.
        failed: they could not be drawn or read.
        images: all of them, those with a score too.
    """

    abstained: int = 0
    failed: int = 0
    images: int = 0

    def __add__(self, other: Unscored) -> Unscored:
        """Both together."""
        return Unscored(self.abstained + other.abstained, self.failed + other.failed, self.images + other.images)

    @property
    def count(self) -> int:
        """Those without a score."""
        return self.abstained + self.failed


def has_failed(sample: Mapping[str, Any]) -> bool:
    """Whether an image could not be drawn or read."""
    return bool(sample.get("error"))


def has_abstained(sample: Mapping[str, Any]) -> bool:
    """Whether the judge named nothing in an image."""
    return sample.get("prediction") in (None, "")


def count_unscored(rates: Iterable[RecognitionRates]) -> Unscored:
    """The images of a run that the judge did not score, over all roles; errors are of either model.

    Args:
        rates: of the run, not by concept.
    """
    total = Unscored()
    for group in rates:
        if group.phrasing == ALL:
            total += count_unscored_of_group(group)
    return total


def count_unscored_of_group(group: RecognitionRates) -> Unscored:
    """The same of one role and phrasing."""
    unrecognised = group.unrecognised
    abstained = round(unrecognised.value * unrecognised.n) if unrecognised.n else 0
    return Unscored(abstained, group.errors, group.concept_shown.n + group.errors)
