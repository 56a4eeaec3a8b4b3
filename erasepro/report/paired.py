"""``erasepro report RUN RUN …``: a method against each other one on the same prompts and seeds, with Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from erasepro.config.plain_values import differing
from erasepro.report.cells import format_number, short
from erasepro.report.joint import label_rows
from erasepro.report.judge_trust import RECOGNITION, distrust
from erasepro.report.number_cell import NumberCell
from erasepro.report.primary_values import primary_values
from erasepro.report.sample_values import (
    SHOWN_ALREADY,
    Measure,
    Sample,
    gives_score,
    metric_measure,
    recognition_measures,
    shows_recognition,
)
from erasepro.report.table import Table
from erasepro.results.bootstrap import CONFIDENCE, ENOUGH
from erasepro.results.clusters import cluster_of
from erasepro.results.finished_runs import FinishedRun
from erasepro.results.paired_tests import PairedTest, SampleKey, Scored, compare_with_rivals
from erasepro.results.results_json import MetricScore, Results
from erasepro.results.samples import FILE, read_samples, samples_made_of

REFERENCE = "erasepro"
"""The solver whose method the others are tested against, where it is among them."""
MOST = 3
"""Rivals up to which each has its row; of more, the best has."""
SAMPLER = ("generation.size", "generation.scheduler", "model.name")
"""Settings, beside those of its row, in which two images of one prompt and seed may differ."""
COLUMNS = {"id", "seed", "prompt", "model", "role", "phrasing", "concept", "expected_concept"}
"""Of ``samples.parquet``: what an image is."""
HEADER = ("measure", "rival", "difference", "95 % interval", "p", "p (Holm)", "clusters", "images", "unscored")


@dataclass(frozen=True)
class _Run:
    label: str
    results: Results
    samples: Sequence[Sample]


def paired_tables(finished: Sequence[FinishedRun], labels: Sequence[str] = (), title: str = "Paired tests") -> list[Table]:
    """The table "Paired tests"; none where the runs are of one method, or no two methods drew the same prompts and seeds.

    Results that are handed on alone, without their ``samples.parquet``, are named in the note, and make no table by themselves.

    Args:
        finished: the runs, with the folders in which their ``samples.parquet`` lie.
        labels: the method of each run; none given: as `joint.label_rows` names them.
        title: of the table.
    """
    labels = labels or label_rows([run.results for run in finished])
    if len(set(labels)) < 2:
        return []
    runs, problems, alone = [], [], []
    for label, (folder, results) in zip(labels, finished, strict=True):
        if not results.scores and not results.recognition:
            continue  # it drew only
        if not (Path(folder) / FILE).exists():
            alone.append(f"Left out: {folder}: it has no {FILE}.")
            continue
        try:
            runs.append(_Run(label, results, _read(folder, results)))
        except ValueError as error:
            problems.append(f"Left out: {folder}: {error}.")
    methods = list(dict.fromkeys(run.label for run in runs))
    if len(methods) < 2:
        return [Table(title, HEADER, (), "\n".join([*problems, *alone]), keys=2)] if problems else []
    reference = find_reference(labels, [run.results for run in finished])
    if reference not in methods:
        reference = methods[0]
    rows: list[tuple[str, ...]] = []
    unmatched, levels, few, fewest = 0, set[bool](), False, ENOUGH
    measures, untested = _measures(runs)
    for measure, of_measure in measures:
        scored = _scored_by_method(measure, of_measure)
        if reference not in scored:
            continue
        comparison = compare_with_rivals(scored, reference, measure.higher_is_better)
        pairs = list(zip(comparison.rivals, comparison.tests, strict=True))
        few = few or len(pairs) > MOST
        for place, (rival, test) in enumerate(pairs if len(pairs) <= MOST else pairs[:1]):
            best = " (best)" if place == 0 and len(pairs) > 1 else ""
            rows.append(_row(measure, f"{rival}{best}", test))
            levels.add(test.outer)
            fewest = min(fewest, test.difference.clusters or ENOUGH)
            unmatched = max(unmatched, test.unmatched)
    if not rows and not problems:
        return []
    note = _note(reference, levels, unmatched, few, fewest)
    lines = [note, f"Not tested: {'; '.join(untested)}." if untested else "", *problems, *alone]
    return [Table(title, HEADER, tuple(rows), "\n".join(filter(None, lines)), keys=2)]


def find_reference(labels: Sequence[str], runs: Sequence[Results]) -> str:
    """The label of the method that the others are tested against: ErasePro's preset, else another of its, else the first."""
    own = [label for label, run in zip(labels, runs, strict=True) if run.settings.solver == REFERENCE]
    return next((label for label in own if label == REFERENCE), (own or list(labels))[0])


def _read(folder: str, results: Results) -> list[Sample]:
    """A run's samples. Raises ValueError where they are gone, damaged, or of other scores than its results."""
    path = Path(folder) / FILE
    try:
        samples = read_samples(Path(folder))
    except (OSError, ValueError) as error:
        raise ValueError(f"its {FILE} is gone or damaged") from error
    if not samples or not samples[0].keys() >= COLUMNS:
        raise ValueError(f"its {FILE} holds no images with their prompts")
    if samples_made_of(path) != results.score_files():
        raise ValueError(f"its {FILE} was made of other scores than its results")
    if results.recognition and not shows_recognition(results, samples):
        raise ValueError(f"its {FILE} does not give the stored recognition rates")
    return list(samples)


def _measures(runs: Sequence[_Run]) -> tuple[list[tuple[Measure, list[_Run]]], list[str]]:
    """What is tested, with the runs that have it, and a phrase for each metric that is not."""
    recognised = [run for run in runs if run.results.recognition and not distrust(run.results, RECOGNITION)]
    measures = [(measure, recognised) for measure in recognition_measures()] if recognised else []
    untested = ["what the pictures show (the judge cannot be trusted)"] if len(recognised) < len(runs) else []
    for name in dict.fromkeys(score.metric for run in runs for score in run.results.scores):
        if name in SHOWN_ALREADY and recognised:
            continue
        scores = {id(run): _last_score(run.results, name) for run in runs}
        having = [run for run in runs if scores[id(run)] is not None and not distrust(run.results, name)]
        problem = _why_not(name, having)
        if problem:
            untested.append(f"{name} ({problem})")
            continue
        first = scores[id(having[0])]
        measure = metric_measure(first) if first is not None else None
        if measure is not None:
            measures.append((measure, having))
    return measures, untested


def _last_score(results: Results, name: str) -> MetricScore | None:
    """A metric's score whose values stand in ``samples.parquet``: of several protocols the last."""
    return next((score for score in reversed(results.scores) if score.metric == name), None)


def _why_not(name: str, runs: Sequence[_Run]) -> str:
    """Why a metric of these runs cannot be tested; "" where it can."""
    if not runs:
        return "its judge cannot be trusted"
    scores = [score for score in (_last_score(run.results, name) for run in runs) if score is not None]
    if len({score.protocol for score in scores}) > 1:
        return "counted under different protocols"
    counted = [
        value.counted
        for run, score in zip(runs, scores, strict=True)
        for value in primary_values(run.results).get(name, ())
        if value.protocol == score.protocol
    ]
    if differing(counted):
        return "counted with different settings"
    if not all(gives_score(score, run.samples) for run, score in zip(runs, scores, strict=True)):
        return "no value an image gives its score"
    return ""


def _scored_by_method(measure: Measure, runs: Sequence[_Run]) -> dict[str, Scored]:
    """Each method's numbers of the measure's images, all its runs together; of an image that two runs have the first's."""
    scored: dict[str, dict[SampleKey, float | None]] = {}
    for run in runs:
        own = scored.setdefault(run.label, {})
        for sample in run.samples:
            if sample["model"] == "edited" and measure.is_counted(sample):
                own.setdefault(_key(sample, run.results), measure.read(sample))
    return {label: own for label, own in scored.items() if own}


def _key(sample: Sample, results: Results) -> SampleKey:
    sampler = [sample.get(name) for name in ("prompt", "guidance", "steps", "width", "height")]
    sampler += [results.stored.at(name) for name in SAMPLER]
    return SampleKey(
        cluster_of(sample, results.settings.pairs), int(sample["seed"]), repr([*sampler, results.hashes.get("weights", "")])
    )


def _row(measure: Measure, rival: str, test: PairedTest) -> tuple[str, ...]:
    low, high = test.difference.low, test.difference.high
    ends = "–" if low is None or high is None else f"{_signed(low)} to {_signed(high)}"
    clusters = f"{test.difference.clusters} {'pairs' if test.outer else 'prompts'}"
    difference = NumberCell(_signed(test.difference.value), test.difference.value, n=test.images)
    p_values = (NumberCell(_p(p), p) for p in (test.p, test.p_holm))
    counts = (format_number(count, "{}") for count in (test.images, test.unscored))
    return measure.name, rival, difference, ends, *p_values, clusters, *counts


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{'+' if value > 0 else ''}{short(value)}"


def _p(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}" if value >= 0.0001 else f"{value:.0e}"


def _note(reference: str, levels: set[bool], unmatched: int, few: bool, fewest: int) -> str:
    lines = [
        f"Difference: {reference} less the rival, mean an image, on the prompts and seeds that both drew, with its "
        f"{100 * CONFIDENCE:.0f} % interval (bootstrap over clusters; –: all clusters alike, or one). p: sign-flip test over "
        "clusters, two-sided; Holm: over the rivals of a measure. unscored: images that the judge named nothing in or that "
        "failed, for either; they are left out, and count as no absent concept."
    ]
    if few:
        lines.append("Of each measure the best rival alone is shown; the correction is for all.")
    if False in levels:
        lines.append(
            f"Clusters are prompts (seeds together) where there are fewer than {ENOUGH} concept pairs: such a p is about these "
            "pairs and no others."
        )
    if fewest < ENOUGH:
        lines.append(f"Of {fewest} clusters no p is below {2.0 ** (1 - fewest):.3g}.")
    if unmatched:
        lines.append(f"Up to {unmatched} images that only one of two methods has are left out.")
    return " ".join(lines)
