"""A run's headline numbers by name, for a tracker."""

from __future__ import annotations

from erasepro.protocols.label import protocol_label
from erasepro.results.outcomes import Share
from erasepro.results.record import Results
from erasepro.results.stored_outcomes import outcomes_of_json


def flat(results: Results) -> dict[str, float]:
    """The headline numbers by name, for a tracker. Of numbers under several protocols the name is that of the run's own; the
    protocol stands before the others'."""
    numbers: dict[str, float] = {}
    own = {value.metric: protocol_label(results.settings, value.metric) for value in results.values}
    for value in sorted(results.values, key=lambda value: value.protocol != own[value.metric]):
        if value.value is not None:
            parts = [value.model, value.metric, value.role, value.wording]
            name = "/".join(part for part in parts if part)
            numbers[f"{value.protocol}/{name}" if name in numbers else name] = value.value
    for outcome in outcomes_of_json(results.outcomes):
        for key in ("own", "anchor", "none"):
            share: Share = getattr(outcome, key)
            if share.n:
                numbers[f"shows/{outcome.role}/{outcome.wording}/{key}"] = share.value
    numbers |= {f"residual/{k}": v for k, v in results.residuals.items() if isinstance(v, float)}
    numbers |= {f"seconds/{name}": stage["seconds"] for name, stage in results.stages.items()}
    return numbers
