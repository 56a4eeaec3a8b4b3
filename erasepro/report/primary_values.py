"""The numbers of a run that a table over several runs shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from erasepro.config.plain_values import leaves
from erasepro.report.across_metrics import PrimaryValue
from erasepro.results.recognition import Share
from erasepro.results.results_json import MetricScore, Results

OWN = ("weights", "model", "classes", "blocks")
"""Settings of metrics in which runs of one column may differ: where a file lies, what a run's concepts are called, and how
fine the error is."""


def _counted(score: MetricScore) -> dict[str, Any]:
    """What of a metric's settings must be alike for its numbers to share a column; NudeNet's file by its hash."""
    settings = {key: value for key, value in leaves(score.params).items() if key.split(".")[0] not in OWN}
    parts = (score.edited or {}).get("parts") or {}
    return {"judge": judge_name(score.judge), **settings, "detector": parts.get("model_sha256")}


def judge_name(judge: str) -> str:
    """The name of a run's judge without the folder that its file lies in; OpenAI's published names are those of their files."""
    kind, _, rest = judge.partition(" ")
    if kind == "openai_clip":
        name, _, source = rest.partition(" ")
        return f"{kind} {Path(source).stem or name.replace('/', '-')}"
    return f"{kind} {Path(rest).name}" if kind == "transformers_clip" else judge


def primary_values(results: Results) -> dict[str, list[PrimaryValue]]:
    """Each metric's primary_values by protocol, what is left of V, and the solver's time."""
    heads = [v for v in results.values if not v.role and v.value is not None]
    before = {(v.metric, v.protocol): v.value for v in heads if v.model == "original"}
    scores = {(score.metric, score.protocol): score for score in results.scores}
    settings = {key: _counted(score) for key, score in scores.items()}
    for key, score in scores.items():
        made_of = settings.get((str(score.params.get("of")), score.protocol), {})
        settings[key] |= {f"{score.params['of']}.{name}": value for name, value in made_of.items()}
    values: dict[str, list[PrimaryValue]] = {}
    for v in heads:
        if v.model == "edited" and v.value is not None:
            old = before.get((v.metric, v.protocol))
            share, key = Share(v.value, v.n, v.stderr), (v.metric, v.protocol)
            head = PrimaryValue(
                math.nan if old is None else old, share, bool(v.higher_is_better), v.protocol, settings.get(key, {})
            )
            values.setdefault(v.metric, []).append(head)
    test_residual = (results.residuals.get("test") or {}).get("residual")
    solver = results.stages.get("solver (in edit)", {})
    extra = [
        ("residual, exactly constrained columns", results.residuals.get("selected"), False, True),
        # a solver may count every column in and hold none: its share ranks nobody
        ("share of columns exactly constrained", results.residuals.get("selected_share"), True, False),
        ("residual, test prompts", test_residual, False, True),
        ("solver seconds", solver.get("seconds") or None, False, True),
    ]
    for name, value, higher, ranks in extra:
        if isinstance(value, float):
            values[name] = [PrimaryValue(math.nan, Share(value, 0, None), higher, ranks=ranks)]
    return values
