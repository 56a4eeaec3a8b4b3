"""What a run prints: the tables of ``results.json``, and which pictures go in the grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.report.cells import NOTHING, format_number
from erasepro.report.heading import format_sentences
from erasepro.report.judge_trust import RECOGNITION, caution_distrust, recognizes
from erasepro.report.layers import held_out_warnings, ineffective_edit_warning, layer_table
from erasepro.report.nudity import nudity_tables
from erasepro.report.number_cell import NumberCell
from erasepro.report.table import UNLIMITED, Table
from erasepro.report.tables import RETENTION, metric_table, recognition_table
from erasepro.results.edit_residuals import is_fitted
from erasepro.results.recognition import ALL, RecognitionRates, find_worst_group
from erasepro.results.results_json import MetricScore, Results
from erasepro.results.stored_recognition import read_recognition_rates
from erasepro.results.unscored import count_unscored
from erasepro.runtime.files import write_text
from erasepro.runtime.foreign_text import escape_markdown

SOLVER = "solver (in edit)"
"""The stage that is a part of another."""
WORST = "Worst concept"
"""Title of the table that names it."""

NO_DIGEST = "No digest: nothing tells whether these numbers were changed since they were counted."
"""Note of every table of results that an older version recorded."""


def tables(results: Results) -> list[Table]:
    """Every table of a run, in the order they are printed."""
    title = f"What the pictures show   [{results.recognition_source.get('protocol', results.protocol)}]"
    listed = []
    if results.recognition:
        shown = recognition_table(read_recognition_rates(results.recognition), title)
        listed.append(_with_note(shown, caution_distrust(results, [RECOGNITION])))
    listed += _worst_table(results)
    for protocol in dict.fromkeys(score.protocol for score in results.scores):  # two protocols share no table
        scores = [score for score in results.scores if score.protocol == protocol]
        edited = _nan({score.metric: score.edited for score in scores if score.edited})
        original = _nan({score.metric: score.original for score in scores if score.original})
        table = metric_table(edited, original, protocol=protocol)
        listed.append(_with_note(table, _unscored_line(results, scores), caution_distrust(results, list(edited))))
        listed += nudity_tables(scores)
    listed += [*_residual_table(results), *layer_table(results.edit.get("diagnostics", [])), _stage_table(results)]
    if results.digest != "":
        return listed
    return [_with_note(table, NO_DIGEST) for table in listed]


def _with_note(table: Table, *lines: str) -> Table:
    """The table with further lines under it, those that are not empty."""
    return replace(table, note="\n".join(filter(None, [table.note, *lines])))


def _unscored_line(results: Results, scores: Sequence[MetricScore]) -> str:
    """How many images have no score of metrics that count names; "" where all have."""
    names = [score.metric for score in scores if score.judge and recognizes(score.metric)]
    unscored = count_unscored(read_recognition_rates(results.recognition))
    if not names or not unscored.count:
        return ""
    return (
        f"Unscored by {' and '.join(names)}: {unscored.count} of {unscored.images} images (the judge named nothing in "
        f"{unscored.abstained}; {unscored.failed} could not be drawn or read)."
    )


def write_tables(head: str, listed: Sequence[Table], folder: Path) -> None:
    """``tables.txt`` and ``tables.md`` in the run's folder, under the run's heading.

    Raises:
        UserError: a file of these names does not begin with a run's heading, so it is somebody's own; neither is written.
    """
    contents = {
        "tables.txt": "\n".join([f"{head}\n", *(table.text(UNLIMITED) for table in listed)]),
        "tables.md": "\n".join([f"{escape_markdown(head)}\n", *(table.markdown() for table in listed)]),
    }
    for name in contents:
        if _is_foreign(folder / name):
            raise UserError(
                f"'{folder / name}' holds no tables of a run, so it is not replaced: move it, or delete it."
            )
    for name, content in contents.items():
        write_text(folder / name, content)


def _is_foreign(path: Path) -> bool:
    """Whether a file is there that is neither empty nor under a run's heading (`heading.format_heading`)."""
    if not path.is_file():
        return False
    content = path.read_text(encoding="utf-8", errors="replace").strip()
    first = content.partition("\n")[0]
    return bool(content) and not (" → " in first and first.count(" · ") >= 4)


def _worst_table(results: Results) -> list[Table]:
    by_concept = read_recognition_rates(results.recognition_by_concept)
    rows = []
    for role in ("target", "synonym", "retain"):
        groups = [o for o in by_concept if o.role == role and o.phrasing == ALL and o.concept_shown.n]
        worst = find_worst_group(by_concept, role)
        if worst is not None and len(groups) > 1:
            key = "retention" if role == "retain" else "concept_shown"
            ties = sum(getattr(o, key).value == getattr(worst, key).value for o in groups) - 1
            name = f"{worst.group} and {ties} more" if ties else worst.group
            rows.append((role, name, str(worst.concept_shown.n), *_both(worst)))
    return [Table(WORST, ("prompts", "concept", "n", "concept shown", RETENTION), tuple(rows))] if rows else []


def _both(rates: RecognitionRates) -> tuple[str, str]:
    return format_number(rates.concept_shown.value, "{:.3f}"), format_number(rates.retention.value, "{:.3f}")


def _residual_table(results: Results) -> list[Table]:
    residuals = results.residuals
    test, held = residuals.get("test") or {}, residuals.get("held_out") or {}
    exact = residuals.get("exact", True)
    rows = [
        (f"exactly constrained columns, worst site{'' if exact else ' (not exact)'}", residuals.get("selected"), None),
        ("all fitting columns, worst site", residuals.get("all"), residuals.get("before")),
        ("held-out sentences, keys and values", held.get("residual"), held.get("residual_before")),
        ("test prompts, keys and values", test.get("residual"), test.get("before")),
        ("drift of preserved sentences", held.get("drift_preserved"), None),
        ("drift of words never preserved", held.get("drift"), None),
    ]
    optional = ("held-out", "drift") if is_fitted(residuals) else ("held-out", "drift", "exactly", "all")
    rows = [row for row in rows if row[1] is not None or not row[0].startswith(optional)]
    cells = [(name, format_number(before, "{:.2e}"), format_number(after, "{:.2e}")) for name, after, before in rows]
    share = residuals.get("selected_share")
    if share is not None:
        cells.append(("share of columns exactly constrained", NOTHING, NumberCell(f"{100 * share:.1f} %", share)))
    title = "Relative residual ‖WX − V‖ / ‖V‖"
    fitted = is_fitted(residuals)
    cautions = [ineffective_edit_warning(test.get("residual"), test.get("before"), "the test prompts")] if fitted else []
    built = (results.edit.get("meta") or {}).get("prompts") or {}
    sentences = format_sentences(built) if {"pairs", "preserve"} <= built.keys() else ""
    note = "\n".join(line for line in [sentences, *cautions, *held_out_warnings(residuals)] if line)
    return [Table(title, ("columns", "original", "edited"), tuple(cells), note)] if residuals else []


def _stage_table(results: Results) -> Table:
    names = list(results.stages)
    if {"edit", SOLVER} <= set(names):  # a part of it stands below it
        names.insert(names.index("edit") + 1, names.pop(names.index(SOLVER)))
    facts = [(name, results.stages[name]) for name in names]
    rows = [
        (n, format_number(s.get("seconds"), "{:.2f}"), format_number(s.get("peak_mib"), "{:.0f}")) for n, s in facts
    ]
    dropped = results.counts.get("prompts_dropped", 0)
    title = f"Stages ({results.counts.get('images_per_model', 0)} images a model"
    for key, what in (("images_failed", "could not be drawn"), ("images_unreadable", "could not be read")):
        title += f"; {results.counts[key]} {what}" if results.counts.get(key) else ""
    title += f"; prompts dropped for mentioning a minor: {dropped})" if dropped else ")"
    return Table(
        title, ("stage", "seconds", "peak MiB"), tuple(rows), "peak MiB: memory of the process, not of the stage."
    )


def _nan(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {n: {**s, "value": math.nan if s["value"] is None else s["value"]} for n, s in scores.items()}
