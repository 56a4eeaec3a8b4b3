"""The numbers of a run that a table over several runs shows."""

from __future__ import annotations

import math

from erasepro.presets import leaves
from erasepro.report.across_metrics import Headline
from erasepro.report.outcomes import Share
from erasepro.results import Results

OWN = ("weights", "model", "classes", "blocks")
"""Settings of metrics in which runs of one column may differ: where a file lies, what a run's concepts are called, and how
fine the error is."""


def headlines(results: Results) -> dict[str, list[Headline]]:
    """Each metric's headlines by protocol, what is left of V, and the solver's time."""
    heads = [v for v in results.values if not v.role and v.value is not None]
    before = {(v.metric, v.protocol): v.value for v in heads if v.model == "original"}
    counted = {
        (one.metric, one.protocol): {"judge": one.evaluator}
        | {key: value for key, value in leaves(one.params).items() if key.split(".")[0] not in OWN}
        for one in results.scores
    }
    found: dict[str, list[Headline]] = {}
    for v in heads:
        if v.model == "edited" and v.value is not None:
            old = before.get((v.metric, v.protocol))
            share, key = Share(v.value, v.n, v.stderr), (v.metric, v.protocol)
            one = Headline(
                math.nan if old is None else old, share, bool(v.higher_is_better), v.protocol, counted.get(key, {})
            )
            found.setdefault(v.metric, []).append(one)
    left, solver = (results.residuals.get("test") or {}).get("residual"), results.stages.get("solver (in edit)", {})
    extra = [
        ("residual, selected columns", results.residuals.get("selected"), False),
        ("share of columns selected", results.residuals.get("selected_share"), True),
        ("residual, test prompts", left, False),
        ("solver seconds", solver.get("seconds") or None, False),
    ]
    for name, value, higher in extra:
        if isinstance(value, float):
            found[name] = [Headline(math.nan, Share(value, 0, None), higher)]
    return found
