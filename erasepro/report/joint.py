"""Tables over several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from erasepro.config.plain_values import differing
from erasepro.report.across import across_table
from erasepro.report.across_metrics import across_metrics
from erasepro.report.primary_values import judge_name, primary_values
from erasepro.report.tables import Table
from erasepro.results.results_json import Results
from erasepro.results.stored_recognition import read_recognition_rates


def across(runs: Sequence[Results]) -> list[Table]:
    """Tables over several runs: a row a method (a preset of conf/solver, and what was changed in it).

    Runs that differ in the model, in how images are drawn or in what an edit is fitted on are no repetitions of each other: the
    settings in which they differ are part of their rows' names.

    Raises UserError where the runs' pictures were drawn and judged under different protocols.
    """
    labels = label_rows(runs)
    recognition = [
        (label, run.name, recognition_protocol(run), read_recognition_rates(run.recognition))
        for label, run in zip(labels, runs, strict=True)
    ]
    metrics = across_metrics([(label, primary_values(run)) for label, run in zip(labels, runs, strict=True)])
    caution = [*caution_unlike(runs), *caution_without_digest(runs)]
    return [
        replace(table, note="\n".join([table.note, *caution]).strip()) for table in (across_table(recognition), metrics)
    ]


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
        {k: v for k, v in run.settings.comparable.items() if k.startswith(ROW_SETTINGS) and k not in REPETITIONS}
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
