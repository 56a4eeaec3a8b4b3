"""Whether a run's judge can be trusted: whether it names what the original model draws.

A judge that does not recognise a concept in the original model's pictures says nothing about its absence from the edited
model's: whatever the edit did, the concept is "gone". So a metric that counts what is named is refused in tables over several
runs, and in tests, where the original's own concepts are named in less than LEAST of its pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.results.recognition import ALL, RecognitionRates
from erasepro.results.results_json import MetricScore, Results
from erasepro.results.stored_recognition import read_recognition_rates

LEAST = 0.5
"""The share of the original's pictures whose own concept the judge must name, of targets and of retained concepts each.

Below a half the judge is more often wrong than right: most of what a metric counts is its mistakes, and not the edit's work.
"""

ROLES = ("target", "retain")


def distrust(results: Results, metric: str) -> str:
    """Why a metric's numbers of a run cannot be trusted, in one line; "" where they can, or where it counts no names.

    Args:
        results: the run's.
        metric: the name of one of its metrics; RECOGNITION for what the judge sees.
    """
    if metric == RECOGNITION:
        return _reason(_recognised(results))
    scores = {score.metric: score for score in results.scores}
    score = scores.get(metric)
    if score is None:
        return ""
    made_of = score.params.get("of")
    if isinstance(made_of, str) and made_of in scores:  # of a derived metric
        return distrust(results, made_of)
    if not recognizes(metric):
        return ""
    return _reason(_recognised(results) if score.judge else _own_shares(score))


RECOGNITION = "recognition"
"""What stands for the recognition rates where a metric is named."""


def recognizes(metric: str) -> bool:
    """Whether a metric counts which concept a picture is named as. Reads the metric's source, and imports nothing of it."""
    from erasepro.metrics import METRICS  # here: a module of runs, and a command that only reports begins without any

    return bool(METRICS.attribute(metric, "recognizes"))


def caution_distrust(results: Results, metrics: Sequence[str]) -> str:
    """The line under a run's own table of these metrics; "" where all can be trusted."""
    reasons: dict[str, list[str]] = {}
    for metric in metrics:
        reason = distrust(results, metric)
        if reason:
            reasons.setdefault(reason, []).append(metric)
    lines = [
        f"CAUTION: {' and '.join(names)} cannot be trusted here: {reason}. Tables over several runs leave it out."
        for reason, names in reasons.items()
    ]
    return "\n".join(lines)


def _recognised(results: Results) -> dict[str, tuple[float, int]]:
    """The judge's share, and images, of the original's pictures by role."""
    rates: Sequence[RecognitionRates] = read_recognition_rates(results.recognition)
    return {
        group.role: (group.original.value, group.original.n)
        for group in rates
        if group.phrasing == ALL and group.role in ROLES and group.original.n
    }


def _own_shares(score: MetricScore) -> dict[str, tuple[float, int]]:
    """The same of a metric that names by itself: the parts of its score of the original model."""
    parts: Mapping[str, Any] = (score.original or {}).get("parts") or {}
    return {
        role: (part["value"], part["n"])
        for role, part in parts.items()
        if role in ROLES and isinstance(part, Mapping) and part.get("n") and part.get("value") is not None
    }


def _reason(shares: Mapping[str, tuple[float, int]]) -> str:
    if not shares:
        return "no picture of the original model was judged, so nothing tells whether the judge knows these concepts"
    low = [
        f"{100 * share:.0f} % of {n} pictures of {'targets' if role == 'target' else 'retained concepts'}"
        for role, (share, n) in shares.items()
        if share < LEAST
    ]
    if not low:
        return ""
    least = f"least: {100 * LEAST:.0f} %"
    return f"of the original model's own pictures the judge names the concept in {' and '.join(low)} ({least})"
