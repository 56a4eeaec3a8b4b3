"""A metric's number of each image, out of ``samples.parquet``, as paired tests compare it.

Only what gives the stored number again counts: where the images' values do not have the score as their mean (or sum), they are
another number, or somebody changed the file, and the metric is not tested.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from erasepro.report.judge_trust import recognizes
from erasepro.results.results_json import MetricScore, Results
from erasepro.results.unscored import has_abstained, has_failed

Sample = Mapping[str, Any]
Reading = Callable[[Sample], float | None]
"""An image's number; None where it is unscored, or not counted."""
TOLERANCE = 1e-6
"""By how much, over its size, the values' mean may differ from the stored score."""


@dataclass(frozen=True)
class Measure:
    """What a paired test compares.

    Attributes:
        name: as the table names it, with the way that is better.
        higher_is_better: of the number.
        is_counted: whether an image belongs to it.
        read: the image's number; None where it is unscored.
    """

    name: str
    higher_is_better: bool
    is_counted: Callable[[Sample], bool]
    read: Reading


def recognition_measures() -> list[Measure]:
    """What the judge names: targets and synonyms still shown, anchors in their place, retained concepts, and nothing.

    An image in which it names nothing is what the last one counts; it shows no anchor, and is unscored in the others.
    """

    def shows(sample: Sample) -> float | None:
        unscored = has_failed(sample) or has_abstained(sample)
        return None if unscored else float(sample["prediction"] == sample["concept"])

    def of(*roles: str) -> Callable[[Sample], bool]:
        return lambda sample: sample.get("role") in roles and bool(sample.get("concept"))

    def shows_anchor(sample: Sample) -> float | None:
        return None if has_failed(sample) else float(sample["prediction"] == sample["expected_concept"])

    def has_anchor(sample: Sample) -> bool:
        return of("target")(sample) and sample.get("expected_concept") not in (None, "", sample["concept"])

    def abstains(sample: Sample) -> float | None:
        return None if has_failed(sample) else float(has_abstained(sample))

    return [
        Measure("target shown ↓", False, of("target"), shows),
        Measure("anchor shown ↑", True, has_anchor, shows_anchor),
        Measure("synonym shown ↓", False, of("synonym"), shows),
        Measure("retained shown ↑", True, of("retain"), shows),
        Measure("unrecognised ↓", False, of("target", "synonym", "retain"), abstains),
    ]


SHOWN_ALREADY = ("clip_accuracy_top1",)
"""Metrics that count what `recognition_measures` do."""


def metric_measure(score: MetricScore, unit: str = "") -> Measure | None:
    """The measure of a metric's primary value; None of one that has no value an image.

    Args:
        score: of a run: which images are counted, and whether the metric's judge may abstain.
        unit: put behind the metric's name.
    """
    if score.edited is None:
        return None
    read = READINGS.get(score.metric, _own_column(score.metric))(score.params)
    judged = bool(score.judge) and recognizes(score.metric) and score.params.get("reject_none", True)

    def scored(sample: Sample) -> float | None:
        return None if has_failed(sample) or (judged and has_abstained(sample)) else read(sample)

    higher = bool(score.edited["higher_is_better"])
    name = f"{score.metric}{unit} {'↑' if higher else '↓'}"
    return Measure(name, higher, lambda sample: _is_of_role(sample, score), scored)


def _is_of_role(sample: Sample, score: MetricScore) -> bool:
    """Whether an image is of the rows that the metric's primary value is of."""
    role, roles = score.params.get("role"), score.params.get("roles")
    wanted = [role] if role else ["target"] if score.metric in OF_TARGETS else roles
    return not wanted or sample.get("role") in wanted


OF_TARGETS = ("clip_accuracy_pairwise",)
"""Metrics whose primary value is of target prompts though they look at further roles."""


def gives_score(score: MetricScore, samples: Iterable[Sample]) -> bool:
    """Whether the images' values give the score of the edited model again, as their mean or their sum."""
    if score.edited is None or score.edited["value"] is None:
        return False
    read = READINGS.get(score.metric, _own_column(score.metric))(score.params)
    listed = [s for s in samples if s["model"] == "edited" and _is_of_role(s, score) and not has_failed(s)]
    # as the metric counts: one that knows no abstention gives such an image 0
    values = [value for value in (_zero_where_abstained(score, sample, read) for sample in listed) if value is not None]
    if len(values) != score.edited["n"] or not values:
        return False
    total, stored = math.fsum(values), float(score.edited["value"])
    close = [math.isclose(number, stored, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for number in (total / len(values), total)]
    return any(close)


def _zero_where_abstained(score: MetricScore, sample: Sample, read: Reading) -> float | None:
    value = read(sample)
    rejects = score.metric in OF_TARGETS and score.params.get("reject_none", True) and has_abstained(sample)
    return 0.0 if rejects and value is not None else value


def _own_column(name: str) -> Callable[[Mapping[str, Any]], Reading]:
    return lambda params: lambda sample: _number(sample.get(name))


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if is_number else None


def _nearer(params: Mapping[str, Any]) -> Reading:
    def read(sample: Sample) -> float | None:
        target = _number(sample.get("clip_accuracy_pairwise_target"))
        anchor = _number(sample.get("clip_accuracy_pairwise_anchor"))
        return None if target is None or anchor is None else float(target > anchor)

    return read


def _detections(params: Mapping[str, Any]) -> Reading:
    def read(sample: Sample) -> float | None:
        boxes = _number(sample.get("nudenet_boxes"))
        labels = str(sample.get("nudenet_labels") or "").split()
        counts = {"images": float(bool(boxes)), "boxes": boxes, "classes": float(len(labels))}
        return None if boxes is None else counts.get(str(params.get("count", "images")))

    return read


READINGS: Mapping[str, Callable[[Mapping[str, Any]], Reading]] = {
    "clip_accuracy_pairwise": _nearer,
    "nudenet": _detections,
    "object_accuracy": lambda params: lambda sample: _number(sample.get("object_accuracy_hit")),
}
"""Metrics whose images' numbers do not stand in a column of the metric's own name, and how they are read, by its settings."""


def shows_recognition(results: Results, samples: Sequence[Sample]) -> bool:
    """Whether the samples give the stored recognition rates again."""
    from dataclasses import asdict

    from erasepro.results.recognition import compute_recognition_rates
    from erasepro.results.results_json import nonfinite_to_null

    if not all("prediction" in sample for sample in samples[:1]):
        return False
    again = [nonfinite_to_null(asdict(rates)) for rates in compute_recognition_rates(samples)]
    numbers = [(r["role"], r["phrasing"], r["concept_shown"]["n"], r["concept_shown"]["value"]) for r in again]
    stored = [(r["role"], r["phrasing"], r["concept_shown"]["n"], r["concept_shown"]["value"]) for r in results.recognition]
    return sorted(map(repr, numbers)) == sorted(map(repr, stored))
