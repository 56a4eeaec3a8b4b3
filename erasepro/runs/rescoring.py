"""Counting again, or more, on the images of a run that has ended; no model is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from erasepro.config.hydra_errors import translated
from erasepro.config.overrides import named_keys, override_values
from erasepro.config.paths import choices, groups
from erasepro.config.plain_values import ABSENT
from erasepro.config.stored_config import StoredConfig
from erasepro.config.stored_file import read_plain
from erasepro.errors import UserError, visible
from erasepro.generation import Row, read_worklist
from erasepro.generation.worklist import hash_rows
from erasepro.metrics.registry import METRICS
from erasepro.protocols.label import protocol_label
from erasepro.protocols.protocol_values import replace_protocol_values
from erasepro.results.results_json import Results, nonfinite_to_null
from erasepro.results.run_folder import RunFolder
from erasepro.runs.resolve import resolve, spec_of_stored
from erasepro.runs.scoring import Scoring
from erasepro.runs.spec import RunSpec
from erasepro.tracking import start_tracker
from erasepro.tracking.log_run import log_run
from erasepro.tracking.naming import run_info

RESCORABLE_GROUPS = ("metrics", "protocol", "outputs", "tracker")
"""Config groups that do not decide which images are drawn."""

SHOWN = 5  # changed keys that are named


def rescore(run: RunFolder, spec: RunSpec) -> Results:
    """Score what is missing in a run's folder, and add it to its ``results.json``. The tracker goes on with the same run.

    Args:
        run: the folder of a run that has ended.
        spec: its stored settings with other metrics or another protocol (`rescored_spec`).

    Raises:
        UserError: an image that a score needs is gone or damaged, or something is wrong with the metrics.
    """
    folder = run.path
    with run.reopened():
        recorded = Results.load(folder / "results.json")
        rows = _rows_of(folder, recorded)
        scoring = Scoring(
            run,
            rows,
            spec.metrics,
            spec.model,
            lambda metric: protocol_label(spec.stored, metric),
            lambda: recorded.hashes.get("edit", ""),
            spec.outputs.progress,
        )
        scoring.check()
        _check_pictures(folder, scoring, recorded)
        with start_tracker(spec.tracker, run_info(spec.stored, folder, run.signature)) as tracker:
            with run.stage("scores"):
                scoring.score_missing(scoring.pictures.edited, scoring.pictures.original)
            results = _record(recorded, folder, scoring)
            log_run(tracker, spec.tracker, results, folder, rows)
    return results


def recorded_config(file: Path, results: Results) -> StoredConfig:
    """A run's settings as its results keep them, under their digest; where config.yaml says otherwise, a line names the keys.

    Args:
        file: the run's ``config.yaml``; a command that did not end, or somebody's hand, may have changed it since.

    Raises:
        UserError: the file is damaged.
    """
    stored = read_plain(file)
    lost = [key for key in (*RESCORABLE_GROUPS, "model") if not isinstance(stored.at(key), dict)]
    if lost:
        raise UserError(f"{str(file)!r} is damaged: it holds no run's config (without {', '.join(lost)}).")
    there, kept = (StoredConfig(nonfinite_to_null(dict(c.values))).leaves() for c in (stored, results.stored))
    changed = sorted(key for key in {*there, *kept} if there.get(key, ABSENT) != kept.get(key, ABSENT))
    if changed:
        shown = ", ".join(changed[:SHOWN]) + (f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
        print(
            f"erasepro: {visible(file)} is not what results.json was recorded with ({visible(shown)}): the recorded settings "
            "count.",
            file=sys.stderr,
        )
    return results.stored


def rescored_spec(before: StoredConfig, overrides: Sequence[str]) -> RunSpec:
    """A run's stored settings with the groups of `RESCORABLE_GROUPS` changed by Hydra overrides.

    ``metrics=[a,b]`` names metrics, ``metrics=nudity`` takes that option's settings whole. Of a new protocol the keys under
    ``metrics`` are set; what it fixes of the images stays as it was drawn, and renames it where it differs.

    Args:
        before: the run's settings (`recorded_config`).

    Raises:
        UserError: an unknown key or option, a value of the wrong type.
    """
    with translated(overrides):
        values, chosen = override_values(overrides), named_keys(overrides)
    if isinstance(values.get("metrics"), list):
        values["metrics.names"] = values.pop("metrics")
        chosen.add("metrics.names")
    options = {group: values.pop(group) for group in ("metrics", "protocol", "tracker") if group in values}
    for group, option in options.items():
        _check_option(group, option)
    config = before.replaced(
        {group: resolve([f"{group}={option}"]).stored.at(group) for group, option in options.items()}
    )
    if "metrics" in options:
        chosen.add("metrics.names")  # an option is chosen with the metrics that it names
    if options:
        config = replace_protocol_values(config, before, chosen, resolve(["metrics=default"]).stored)
    return spec_of_stored(config.replaced(values), overrides)


def _check_option(group: str, option: object) -> None:
    """Raise UserError for null, and for a metric's name in the place of an option of ``conf/metrics``."""
    if option is None:
        hint = ", or metrics=[clip_score,fid]" if group == "metrics" else ""
        raise UserError(f"{group}=null: choose {choices(group)}{hint}.")
    if group == "metrics" and isinstance(option, str) and option in METRICS and option not in groups()["metrics"]:
        raise UserError(f"metrics={option}: a metric by its name is metrics=[{option}].")


def _rows_of(folder: Path, recorded: Results) -> list[Row]:
    """The work list that a run's results were counted on. Raises UserError where the file holds another one."""
    again = "Run its own command again: it writes the list anew."
    try:
        rows = list(read_worklist(folder / "worklist.jsonl"))
    except UserError as error:
        raise UserError(f"{error} {again}") from error
    if hash_rows(rows) != recorded.hashes.get("test_prompts"):
        raise UserError(f"{str(folder / 'worklist.jsonl')!r} is not the list that this run drew: it was changed. {again}")
    return rows


def _check_pictures(folder: Path, scoring: Scoring, recorded: Results) -> None:
    """Raise UserError unless the pictures that are to be scored are, byte for byte, those of the run's results.

    Where nothing is to be scored, a line on stderr tells of those that are gone or damaged.
    """
    again = "Run its own command with these metrics instead: it draws those images again, and scores."
    pictures = scoring.pictures
    if not pictures.are_recorded_in(recorded):
        raise UserError(
            f"The images of {str(folder)!r} are not recorded as those that its results were counted on: they are of another "
            f"edit, of an erasepro that kept no SHA-256s, or their records were changed. {again}"
        )
    lost = pictures.describe_lost()
    if lost and not scoring.done:
        raise UserError(f"{lost}. {again}")
    if lost:
        print(f"erasepro: {lost}: the scores that there are were counted before.", file=sys.stderr)


def _record(results: Results, folder: Path, scoring: Scoring) -> Results:
    """The run's results with the new scores in them, saved.

    The run's own config and protocol stay, and so does the protocol of what was judged before: the settings of ``score`` are
    those of the scores that it makes.
    """
    source = results.recognition_source
    scoring.record(results, results)
    if source.get("file") == results.recognition_source.get("file"):
        results.recognition_source = source
    results.stages["scores"] = scoring.folder.records()["scores"]
    results.save(folder / "results.json")
    return results
