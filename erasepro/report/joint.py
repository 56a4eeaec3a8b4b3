"""Tables over several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from erasepro.config.plain_values import differing
from erasepro.report.across import across_table
from erasepro.report.across_metrics import PrimaryValue, across_metrics
from erasepro.report.cells import explain_pairs
from erasepro.report.judge_trust import RECOGNITION, distrust
from erasepro.report.primary_values import judge_name, primary_values
from erasepro.report.table import Table
from erasepro.results.clusters import name_pairs
from erasepro.results.recognition import RecognitionRates
from erasepro.results.results_json import Results
from erasepro.results.stored_recognition import read_recognition_rates


def across(runs: Sequence[Results]) -> list[Table]:
    """Tables over several runs: a row a method (a preset of conf/solver, and what was changed in it).

    Runs that differ in the model, in how images are drawn, of which prompts, or in what an edit is fitted on are no repetitions
    of each other: the settings in which they differ are part of their rows' names. No cell is marked as best where the rows'
    runs are not of the same concepts and prompts. Numbers of a run whose judge cannot be trusted (`judge_trust`) are left out,
    with a line that says why.

    Raises UserError where the runs' pictures were drawn and judged under different protocols.
    """
    labels = label_rows(runs)
    listed = method_tables(list(zip(labels, runs, strict=True)))
    caution = [*refused_numbers(runs), *caution_unlike(runs), *caution_without_digest(runs)]
    if not _are_of_the_same(labels, runs):
        listed = [replace(table, higher_is_better=()) for table in listed]
        caution.append(UNRANKED)
    return [replace(table, note="\n".join([table.note, *caution]).strip()) for table in listed]


def method_tables(
    runs: Sequence[tuple[str, Results]], title: str = "Over all runs: mean ± standard error (worst)"
) -> list[Table]:
    """What the pictures show, and the metrics, a row a label; `refused_numbers` says what is left out.

    Args:
        runs: the label of each run's row, and its results.
        title: of the first table.

    Raises:
        UserError: the runs' pictures were drawn and judged under different protocols.
    """
    pairs = [name_pairs(run.settings.pairs) for _, run in runs]
    recognition = [(label, run.name, recognition_protocol(run), trusted_recognition(run)) for label, run in runs]
    metrics = across_metrics([(label, trusted_values(run)) for label, run in runs])
    if any("{" in cell for row in metrics.rows for cell in row):
        of_method: dict[str, list[str]] = {}
        for (label, _), pair in zip(runs, pairs, strict=True):
            of_method.setdefault(label, []).append(pair)
        metrics = replace(metrics, note=" ".join(filter(None, [metrics.note, explain_pairs(list(of_method.values()))])))
    return [across_table(recognition, title, pairs), metrics]


def trusted_recognition(run: Results) -> list[RecognitionRates]:
    """What a run's pictures show; nothing where the judge cannot be trusted."""
    return [] if distrust(run, RECOGNITION) else read_recognition_rates(run.recognition)


def trusted_values(run: Results) -> dict[str, list[PrimaryValue]]:
    """A run's primary values, with the pair that they are of, without those of metrics whose judge cannot be trusted."""
    pair = name_pairs(run.settings.pairs)
    return {
        metric: [replace(value, pair=pair) for value in values]
        for metric, values in primary_values(run).items()
        if not distrust(run, metric)
    }


def refused_numbers(runs: Sequence[Results]) -> list[str]:
    """A sentence for each reason for which numbers of runs are left out."""
    refused: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        metrics = [RECOGNITION] if run.recognition else []
        for metric in [*metrics, *dict.fromkeys(score.metric for score in run.scores)]:
            reason = distrust(run, metric)
            if reason:
                refused.setdefault((name_pairs(run.settings.pairs), reason), []).append(metric)
    return [
        f"Left out: {', '.join(dict.fromkeys(names))} of the runs of {pair}: {reason}."
        for (pair, reason), names in refused.items()
    ]


UNRANKED = "No best is marked: the methods' runs are not of the same concepts and prompts."
"""Note of a joint table whose rows answer different questions."""


def _are_of_the_same(labels: Sequence[str], runs: Sequence[Results]) -> bool:
    """Whether the runs of each row erase the same concepts, on the same prompt sets, as those of the others."""
    tasks: dict[str, set[Any]] = {label: set() for label in labels}
    for label, run in zip(labels, runs, strict=True):
        settings = run.settings
        tasks[label].add((settings.kind, frozenset(settings.pairs), frozenset(settings.prompt_sets), settings.split))
    return all(task == tasks[labels[0]] for task in tasks.values())


def recognition_protocol(run: Results) -> str:
    """The label under which the run's pictures were judged, or would be."""
    if run.recognition_source.get("protocol"):
        return run.recognition_source["protocol"]
    from erasepro.protocols.label import PREDICTION, protocol_label  # it composes configs: half a second of imports

    return protocol_label(run.stored, PREDICTION)


def caution_unlike(runs: Sequence[Results]) -> list[str]:
    """A sentence that names the settings in which runs of one table differ though they are no part of a method."""
    settings = [
        {
            **run.settings.comparable,
            "prompts": ", ".join(run.settings.prompt_sets),
            "judge": judge_name(run.recognition_source.get("judge", "")),
        }
        for run in runs
    ]
    unlike = [f"{key} ({', '.join(values)})" for key, values in differing(settings).items()]
    return [f"CAUTION: these runs are not alike in {'; '.join(unlike)}."] if unlike else []


def caution_without_digest(runs: Sequence[Results]) -> list[str]:
    """A sentence that counts the runs whose numbers nothing ties to what was counted: an older version recorded them."""
    count = sum(run.digest == "" for run in runs)
    verb = "has" if count == 1 else "have"
    line = f"No digest: {count} of {len(runs)} runs {verb} none, so nothing tells whether their numbers were changed since."
    return [line] if count else []


ROW_SETTINGS = ("model.name", "generation.", "templates.")
"""Beginnings of the settings that a row's name carries where the runs of a table differ in them …"""
REPETITIONS = ("generation.seeds",)
"""… except for these, over which a method's mean is taken."""


def label_rows(runs: Sequence[Results]) -> list[str]:
    """The name of each run's row: its method, and the settings in which the runs differ."""
    settings = [
        {
            **{k: v for k, v in run.settings.comparable.items() if k.startswith(ROW_SETTINGS) and k not in REPETITIONS},
            "prompts": "+".join(run.settings.prompt_sets),
        }
        for run in runs
    ]
    keys = list(differing(settings))
    return [
        ", ".join([label_method(run), *(f"{key}={own.get(key)}" for key in keys)])
        for run, own in zip(runs, settings, strict=True)
    ]


def label_method(run: Results) -> str:
    """The preset (conf/solver) nearest to a run's solver, with the keys in which it differs; kind and size of its set."""
    kind, size = run.settings.kind, len(run.settings.pairs)
    return ", ".join(
        [run.solver_label, *([kind] if kind != "instance" else []), *([f"{size} concepts"] if size > 1 else [])]
    )
