"""Scores a folder of images: one row of facts an image, and every metric's number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from erasepro.generation.progress import progress_bar
from erasepro.generation.store import ImageStore, UnreadableImage
from erasepro.generation.worklist import Row
from erasepro.metrics.base import Batch, Metric, Score
from erasepro.metrics.build import build_metrics


@dataclass
class Scored:
    """``samples``: one dict an image and model (see `score`); ``edited`` and ``original``: metric name -> Score."""

    samples: list[dict[str, Any]] = field(default_factory=list)
    edited: dict[str, Score] = field(default_factory=dict)
    original: dict[str, Score] = field(default_factory=dict)


def score(
    edited: ImageStore,
    original: ImageStore,
    rows: Sequence[Row],
    evaluator: Any,
    names: Sequence[str],
    params: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    batch_size: int = 64,
    progress: bool = True,
) -> Scored:
    """Looks at the same rows drawn by both models.

    Every image gives a sample: the row's fields, ``model`` (original | edited), ``verdict`` (what the evaluator names,
    of the kind the row asks for; None: none of these), ``concept_seen``, ``style_seen`` (these three only with an
    evaluator; None is enough for metrics that need none), each metric's own values, and ``error`` (None, or why the
    image is missing; such an image is counted by no metric and is in no n). Metrics that compare two sets are given
    both and reported under ``edited``; the others are reported for each model.
    """
    metrics = build_metrics(names, params)
    before = {name: metric for name, metric in build_metrics(names, params).items() if not metric.needs_reference}
    out = Scored()
    with progress_bar("Scoring", 2 * len(rows), show=progress) if rows else nullcontext(lambda n: None) as advance:
        for model, store in (("original", original), ("edited", edited)):
            for batch, broken in _batches(store, rows, evaluator, batch_size):
                out.samples += [{**asdict(row), "model": model, "error": why} for row, why in broken]
                if batch.rows:
                    out.samples += _score_batch(batch, model, metrics, before)
                advance(len(batch.rows) + len(broken))
    out.edited = {name: metric.compute() for name, metric in metrics.items()}
    out.original = {name: metric.compute() for name, metric in before.items()}
    return out


def _score_batch(
    batch: Batch, model: str, metrics: Mapping[str, Metric], before: Mapping[str, Metric]
) -> list[dict[str, Any]]:
    samples = [{**asdict(row), "model": model, "error": None} for row in batch.rows]
    for i, sample in enumerate(samples if batch.judged else []):
        sample["verdict"] = batch.named[i]
        sample["concept_seen"], sample["style_seen"] = batch.verdict.concept[i], batch.verdict.style[i]
    if model == "edited":
        updates = [metric.update(batch) for metric in metrics.values()]
    else:
        updates = [metric.update(batch) for metric in before.values()]
        for metric in metrics.values():
            if metric.needs_reference:
                metric.update(batch, reference=True)
    for update in updates:
        for sample, values in zip(samples, update, strict=True):
            sample.update(values)
    return samples


def _batches(
    store: ImageStore, rows: Sequence[Row], evaluator: Any, batch_size: int
) -> Iterator[tuple[Batch, list[tuple[Row, str]]]]:
    """Readable images in batches, with the rows of each stretch that have none and why."""
    failed = store.errors()
    for start in range(0, len(rows), batch_size):
        good, images, broken = [], [], []
        for row in rows[start : start + batch_size]:
            try:
                images.append(store.load([row.name])[0])
                good.append(row)
            except UnreadableImage as error:
                entry = failed.get(row.name)
                broken.append((row, f"{entry['kind']}: {entry['message']}" if entry else f"unreadable: {error}"))
        pixels = torch.stack(images) if images else torch.empty(0, 3, 1, 1, dtype=torch.uint8)
        yield Batch(pixels, good, evaluator), broken
