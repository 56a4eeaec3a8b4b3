"""A run's results as rows, one fact a column: of the run, of its values, of its edit's layers, of its images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from erasepro.report.joint import label_method
from erasepro.report.judge_trust import RECOGNITION, distrust, recognizes
from erasepro.report.row_kinds import LayerRow, RunRow, SampleRow, ValueRow
from erasepro.results.clusters import cluster_of, name_pairs
from erasepro.results.recognition import ALL, RecognitionRates, Share
from erasepro.results.results_json import Results, Value, finite_or_none
from erasepro.results.stored_recognition import read_recognition_rates
from erasepro.results.unscored import count_unscored_of_group

SHARES = ("concept_shown", "anchor_shown", "unrecognised", "other", "retention")
"""Of the recognition rates, values of the edited model; ``original`` is the original's ``concept_shown``."""
OF_IMAGE = ("id", "prompt", "seed", "concept", "expected_concept", "role", "phrasing", "model", "prediction", "error")
"""Columns of ``samples.parquet`` that are fields of `SampleRow`."""


def run_row(run: str, folder: str, results: Results, settings_shown: Mapping[str, Any]) -> RunRow:
    """The row of a run; ``settings_shown``: by config key."""
    settings, residuals, counts = results.settings, results.residuals, results.counts
    parts = [stage for name, stage in results.stages.items() if "(in " not in name]
    peaks = [stage["peak_mib"] for stage in parts if stage.get("peak_mib")]
    return RunRow(
        run=run,
        folder=folder,
        signature=results.signature,
        method=label_method(results),
        solver=settings.solver,
        model=settings.model,
        kind=settings.kind,
        pairs=name_pairs(settings.pairs),
        concepts=len(settings.pairs),
        protocol=results.protocol,
        steps=settings.steps,
        guidance=float(settings.guidance),
        seeds=settings.seeds,
        split=settings.split,
        images=counts.get("images_per_model"),
        failed=counts.get("images_failed", 0) + counts.get("images_unreadable", 0),
        residual_selected=residuals.get("selected"),
        residual_all=residuals.get("all"),
        residual_test=(residuals.get("test") or {}).get("residual"),
        selected_share=residuals.get("selected_share"),
        solver_seconds=results.stages.get("solver (in edit)", {}).get("seconds"),
        seconds=sum(stage["seconds"] for stage in parts),
        peak_mib=max(peaks, default=None),
        machine=results.machine,
        has_digest=results.digest != "",
        values=settings_shown,
    )


def value_rows(run: str, results: Results) -> Iterator[ValueRow]:
    """The rows of a run's metrics, then of what the judge sees."""
    rates = read_recognition_rates(results.recognition)
    doubts = {value.metric: distrust(results, value.metric) for value in results.values}
    ends = run, label_method(results), name_pairs(results.settings.pairs)
    for value in results.values:
        unscored = _unscored_of_metric(results, value, rates)
        yield ValueRow(
            *ends, value.metric, value.model, value.role, value.phrasing, "", value.value, value.n, value.stderr,
            value.higher_is_better, value.protocol, unscored, doubts[value.metric],
        )  # fmt: skip
    protocol = results.recognition_source.get("protocol", results.protocol)
    doubt = distrust(results, RECOGNITION) if rates else ""
    for group in [*rates, *read_recognition_rates(results.recognition_by_concept)]:
        shares: list[tuple[str, str, Share]] = [(name, "edited", getattr(group, name)) for name in SHARES]
        for name, model, share in [*shares, ("concept_shown", "original", group.original)]:
            phrasing = "" if group.phrasing == ALL else group.phrasing
            unscored = count_unscored_of_group(group).count if model == "edited" else None
            yield ValueRow(
                *ends, name, model, group.role, phrasing, group.group, finite_or_none(share.value), share.n, share.stderr,
                _better(name, group.role), protocol, unscored, doubt,
            )  # fmt: skip


def layer_rows(run: str, results: Results) -> Iterator[LayerRow]:
    """The rows of an edit's weights, in its order."""
    for entry in results.edit.get("diagnostics") or ():
        yield LayerRow(
            run,
            label_method(results),
            name_pairs(results.settings.pairs),
            entry["site"],
            entry.get("kind", ""),
            entry.get("depth"),
            entry.get("rank"),
            entry.get("residual_before"),
            entry.get("residual_after_selected"),
            entry.get("residual_after_all"),
            entry.get("delta_norm"),
            entry.get("gap"),
            entry.get("columns"),
            entry.get("selected"),
        )


def sample_rows(run: str, results: Results, samples: Iterable[Mapping[str, Any]]) -> Iterator[SampleRow]:
    """The rows of a run's images. Raises KeyError where a sample is no image with a prompt."""
    method, pairs = label_method(results), name_pairs(results.settings.pairs)
    for sample in samples:
        own: dict[str, Any] = {name: sample.get(name) if name in OPTIONAL else sample[name] for name in OF_IMAGE}
        values = {name: value for name, value in sample.items() if name not in OF_IMAGE}
        yield SampleRow(run, method, pairs, cluster_of(sample, results.settings.pairs).pair, **own, values=values)


OPTIONAL = ("prediction", "error")


def _better(share: str, role: str) -> bool | None:
    """Whether more of a share is better: of the targets' concept less, of their anchor and of the others' concept more."""
    erased = role in ("target", "synonym")
    return {"concept_shown": not erased, "retention": not erased, "anchor_shown": True if erased else None}.get(share)


def _unscored_of_metric(results: Results, value: Value, rates: Sequence[RecognitionRates]) -> int | None:
    """Images without a number: failed, and where a metric counts what the judge names, those that it named nothing in."""
    score = next(s for s in results.scores if (s.metric, s.protocol) == (value.metric, value.protocol))
    if not (score.judge and recognizes(value.metric)):
        counts = results.counts
        return None if value.role or not counts else counts.get("images_failed", 0) + counts.get("images_unreadable", 0)
    role = value.role or str(score.params.get("role") or "target")
    groups = [group for group in rates if (group.role, group.phrasing) == (role, value.phrasing or ALL)]
    return count_unscored_of_group(groups[0]).count if groups and value.model == "edited" else None
