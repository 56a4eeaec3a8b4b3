"""A run's primary values by name, for a tracker."""

from __future__ import annotations

from erasepro.protocols.label import protocol_label
from erasepro.results.recognition import Share
from erasepro.results.results_json import Results
from erasepro.results.stored_recognition import read_recognition_rates


def flat(results: Results) -> dict[str, float]:
    """The primary values by name, for a tracker.

    Of a number under several protocols the plain name is that of the run's own; the protocol stands before the others' names.
    """
    numbers: dict[str, float] = {}
    own = {value.metric: protocol_label(results.stored, value.metric) for value in results.values}
    for value in sorted(results.values, key=lambda value: value.protocol != own[value.metric]):
        if value.value is not None:
            parts = [value.model, value.metric, value.role, value.phrasing]
            name = "/".join(part for part in parts if part)
            numbers[f"{value.protocol}/{name}" if name in numbers else name] = value.value
    for rates in read_recognition_rates(results.recognition):
        for key in ("concept_shown", "anchor_shown", "unrecognised"):
            share: Share = getattr(rates, key)
            if share.n:
                numbers[f"shows/{rates.role}/{rates.phrasing}/{key}"] = share.value
    numbers |= {f"residual/{k}": v for k, v in results.residuals.items() if isinstance(v, float)}
    numbers |= {f"seconds/{name}": stage["seconds"] for name, stage in results.stages.items()}
    return numbers
