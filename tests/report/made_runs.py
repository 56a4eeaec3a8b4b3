"""Runs of made-up samples, in folders as a run leaves them: results, samples and status, no pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from erasepro.generation import Row
from erasepro.metrics.engine.base import PromptMeans
from erasepro.results.recognition import compute_recognition_rates
from erasepro.results.results_json import MetricScore, Results, nonfinite_to_null
from erasepro.results.samples import FILE, write_samples
from erasepro.runs.resolve import resolve

Names = Callable[[Row, str], str | None]
"""What the judge names in the image of a row, drawn by a model; None: nothing."""


@cache
def config_of(solver: str) -> Mapping[str, Any]:
    return resolve([f"solver={solver}", "tracker=none"]).stored.values


def rows_of(pair: Sequence[str], prompts: int = 4, seeds: Sequence[int] = (0, 1)) -> list[Row]:
    """Targets and retained concepts, so many prompts each."""
    target, anchor = pair
    kinds = [("target", target, anchor), ("retain", "fox", "fox")]
    return [
        Row(f"{role}-{concept}-{i}", f"a {concept}, {i}", seed, concept, role, "plain", expected)
        for role, concept, expected in kinds
        for i in range(prompts)
        for seed in seeds
    ]


def make_run(
    folder: Path, solver: str, pair: Sequence[str], names: Names, rows: Sequence[Row] | None = None, **facts: Any
) -> Path:
    """Write a run whose judge names what ``names`` says; its metric is ``clip_probability``: 1 where the concept is named."""
    rows = rows_of(pair) if rows is None else rows
    samples, means = [], {"original": PromptMeans(), "edited": PromptMeans()}
    for model in ("original", "edited"):
        for row in rows:
            name = names(row, model)
            hit = float(name == row.concept)
            means[model].add(row, hit)
            judged = {"prediction": name, "concept_seen": name, "style_seen": None, "clip_probability": hit}
            samples.append({**dataclasses.asdict(row), "model": model, "error": None, **judged})
    scores = {model: own.score("clip_probability", "target", False).as_dict() for model, own in means.items()}
    config = json.loads(json.dumps(config_of(solver))) | facts.pop("config", {})
    config["concepts"]["pairs"] = [list(pair)]
    metric = MetricScore(
        "clip_probability",
        "erasepro/2",
        {"role": "target"},
        **nonfinite_to_null(scores),
        judge="model miniature",
        file="p",
    )
    rates = [nonfinite_to_null(dataclasses.asdict(group)) for group in compute_recognition_rates(samples)]
    by_concept = [nonfinite_to_null(dataclasses.asdict(group)) for group in compute_recognition_rates(samples, True)]
    source = {"protocol": "erasepro/2", "judge": "model miniature", "file": "names"}
    results = Results(
        folder.name, folder.name, config, "erasepro/2", {"weights": "w"}, recognition=rates, recognition_source=source,
        recognition_by_concept=by_concept,
        sensitive=False, method=solver, **facts,
    )  # fmt: skip
    results.add([metric])
    folder.mkdir(parents=True)
    results.save(folder / "results.json")
    (folder / "status.json").write_text(json.dumps({"state": "done", "signature": folder.name}))
    write_samples(folder / FILE, samples, results.score_files())
    return folder


def erased(row: Row, model: str) -> str:
    """A method that erases all and harms nothing."""
    return row.expected_concept if model == "edited" else row.concept


def kept(row: Row, model: str) -> str:
    """A method that does nothing."""
    return row.concept
