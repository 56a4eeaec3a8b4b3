"""Tables over several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from erasepro.config.plain import differing, leaves
from erasepro.protocols.label import PREDICTION, protocol_label
from erasepro.report.across import across_table
from erasepro.report.across_metrics import across_metrics
from erasepro.report.heading import prompt_sets_of
from erasepro.report.primary_values import judge_name, primary_values
from erasepro.report.tables import Table
from erasepro.results.record import Results
from erasepro.results.stored_recognition import read_recognition_rates

COMPARED = ("model", "generation", "templates", "metrics", "protocol", "seed")
"""Config groups in which the runs of a joint table should be alike …"""


UNCOMPARED = ("generation.batch_size", "model.device", "metrics.names")
"""… except for these: they change no number, or (names) a column says it already."""


def across(found: Sequence[Results]) -> list[Table]:
    """Tables over several runs: a row a method (a preset of conf/solver, and what was changed in it).

    Raises UserError where the runs' pictures were drawn and judged under different protocols.
    """
    labels = [_method(r) for r in found]
    runs = [
        (
            label,
            r.name,
            r.recognition_source.get("protocol") or protocol_label(r.config, PREDICTION),
            read_recognition_rates(r.recognition),
        )
        for label, r in zip(labels, found, strict=True)
    ]
    metrics = across_metrics([(label, primary_values(r)) for label, r in zip(labels, found, strict=True)])
    return [
        replace(table, note=" ".join([table.note, *_unlike(found)]).strip()) for table in (across_table(runs), metrics)
    ]


def _unlike(runs: Sequence[Results]) -> list[str]:
    """A sentence that names the settings in which runs of one table differ though they are no part of a method."""
    every = [
        leaves({key: r.config.get(key) for key in COMPARED})
        | {"prompts": ", ".join(prompt_sets_of(r.config)), "judge": judge_name(r.recognition_source.get("judge", ""))}
        for r in runs
    ]
    found = [f"{key} ({', '.join(values)})" for key, values in differing(every).items() if key not in UNCOMPARED]
    return [f"CAUTION: these runs are not alike in {'; '.join(found)}."] if found else []


def _method(results: Results) -> str:
    """The preset (conf/solver) nearest to a run's solver, with the keys in which it differs; kind and size of its set."""
    kind, size = results.config["concepts"]["kind"], len(results.config["concepts"]["pairs"])
    parts = [results.solver_label, *([kind] if kind != "instance" else []), *([f"{size} concepts"] if size > 1 else [])]
    return ", ".join(parts)
