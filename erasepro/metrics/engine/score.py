"""Scores a folder of images: every metric's number, and its values for every image."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from erasepro.errors import UserError
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row
from erasepro.metrics.engine.base import Batch, Metric
from erasepro.metrics.engine.build import MetricConfig, build_metrics
from erasepro.metrics.engine.reading import read_batches
from erasepro.metrics.networks.feature_cache import FeatureCache
from erasepro.metrics.registry import METRICS
from erasepro.results.score import Score
from erasepro.runtime.progress import stage

PREDICTION = "prediction"
"""The name under which ``ScoringResult.values`` keeps what the judge names in each picture."""


@dataclass
class ScoringResult:
    """``images``: (row, original | edited, why it is missing or None); ``values``: metric -> one dict for each of them.

    ``edited`` and ``original``: metric name -> Score.
    """

    images: list[tuple[Row, str, str | None]] = field(default_factory=list)
    values: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    edited: dict[str, Score] = field(default_factory=dict)
    original: dict[str, Score] = field(default_factory=dict)

    @property
    def samples(self) -> list[dict[str, Any]]:
        """One dict an image and model: the row's fields, ``model``, ``error``, and every metric's values."""
        samples = [{**asdict(row), "model": model, "error": error} for row, model, error in self.images]
        for values in self.values.values():
            for sample, value in zip(samples, values, strict=True):
                sample.update(value)
        return samples


def score(
    edited: ImageStore,
    original: ImageStore,
    rows: Sequence[Row],
    judge: Any,
    names: Sequence[str],
    configs: Mapping[str, MetricConfig] | None = None,
    *,
    feature_cache: FeatureCache | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> ScoringResult:
    """Looks at the same rows drawn by both models.

    With a judge every image has the values ``prediction`` (what it names, of the kind the row asks for; None: none of
    these), ``concept_seen`` and ``style_seen``. An image that is missing has an ``error`` and is counted by no metric: it is
    in no n. Metrics that compare two sets are given both and reported under ``edited``; the others are reported for each
    model. Derived metrics are left out: they combine the scores of others (``Metric.derive``).

    Args:
        configs: metric name -> an instance of its dataclass; a metric without one keeps its defaults.
        feature_cache: where the networks' features are kept; None: nowhere.
        batch_size: also the batch by which features are cached.
    """
    names = [name for name in names if not METRICS.get(name).derived]
    metrics = build_metrics(names, configs)
    before = {name: metric for name, metric in build_metrics(names, configs).items() if not metric.needs_reference}
    out = ScoringResult(values={name: [] for name in ([PREDICTION] if judge is not None else []) + list(metrics)})
    show = progress and bool(rows)
    with stage("Scoring", 2 * len(rows), unit="images", with_speed=True, show=show) as advance:
        for model, store in (("original", original), ("edited", edited)):
            for batch, broken in _batches(store, rows, judge, feature_cache, batch_size):
                out.images += [(row, model, None) for row in batch.rows] + [(row, model, why) for row, why in broken]
                for name, values in _update(batch, model, metrics, before).items():
                    out.values[name] += [*values, *({} for _ in broken)]
                advance(len(batch.rows) + len(broken))
    with stage("Computing the scores", announced=False, show=show):
        out.edited = {name: check_score(name, "compute", metric.compute()) for name, metric in metrics.items()}
        out.original = {name: check_score(name, "compute", metric.compute()) for name, metric in before.items()}
    return out


def _update(
    batch: Batch, model: str, metrics: Mapping[str, Metric], before: Mapping[str, Metric]
) -> dict[str, list[dict[str, Any]]]:
    """Every metric's values for the batch's images, and the predictions where there is a judge."""
    empty: list[dict[str, Any]] = [{} for _ in batch.rows]
    values = {PREDICTION: _predictions(batch)} if batch.has_judge else {}
    for name, metric in metrics.items():
        if not batch.rows:
            values[name] = empty
        elif model == "edited":
            values[name] = _checked_update(metric, name, batch)
        elif metric.needs_reference:
            values[name] = _checked_update(metric, name, batch, reference=True)
        else:
            values[name] = _checked_update(before[name], name, batch)
    _check_columns(values)
    return values


def _checked_update(metric: Metric, name: str, batch: Batch, reference: bool = False) -> list[dict[str, Any]]:
    """What a metric gives for the batch. Raises UserError for anything but a list with a dict an image."""
    values: Any = metric.update(batch, reference=True) if reference else metric.update(batch)
    count = len(batch.rows)
    if isinstance(values, list) and len(values) == count and all(isinstance(value, Mapping) for value in values):
        return values
    wrong = [value for value in values if not isinstance(value, Mapping)] if isinstance(values, list) else [values]
    got = f"{reprlib.repr(wrong[0])} in it" if wrong and isinstance(values, list) else reprlib.repr(values)
    got = got if wrong else f"a list of {len(values)}"
    raise UserError(
        f"The metric {name!r}: update() returned {got}, and must return a list of {count} dicts, one for each image of the "
        "batch, with its values by name ({} for an image that is not counted): mend the metric's code."
    )


def check_score(name: str, verb: str, score: Any) -> Score:
    """What a metric's ``compute`` or ``derive`` gives. Raises UserError for anything but a `Score`."""
    if isinstance(score, Score):
        return score
    raise UserError(
        f"The metric {name!r}: {verb}() returned {reprlib.repr(score)}, and must return a Score: "
        "erasepro.results.score.Score(name, value, n, stderr, higher_is_better). Mend the metric's code."
    )


def _check_columns(values: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raise UserError where two metrics, or a metric and the work list, would write one column of ``samples.parquet``."""
    owners = dict.fromkeys([*(field.name for field in fields(Row)), "model", "error"], "the work list")
    for name, samples in values.items():
        for column in {key for sample in samples for key in sample}:
            if owners.setdefault(column, name) != name:
                raise UserError(
                    f"The metric {name!r} gives each image a value {column!r}, and so does {owners[column]}: rename it in "
                    f"the metric's code, for example '{name}_{column}', or leave one of them out of metrics.names."
                )


def _predictions(batch: Batch) -> list[dict[str, Any]]:
    if not batch.rows:
        return []
    answers = zip(batch.predicted, batch.prediction.concept, batch.prediction.style, strict=True)
    return [{"prediction": name, "concept_seen": concept, "style_seen": style} for name, concept, style in answers]


def _batches(
    store: ImageStore, rows: Sequence[Row], judge: Any, feature_cache: FeatureCache | None, batch_size: int
) -> Iterator[tuple[Batch, list[tuple[Row, str]]]]:
    """Readable images in batches, with the rows of each stretch that have none and why."""
    import torch

    for read in read_batches(store, rows, batch_size):
        images = read.images if read.images is not None else torch.empty(0, 3, 1, 1, dtype=torch.uint8)
        yield Batch(images, read.rows, judge, feature_cache), read.broken
