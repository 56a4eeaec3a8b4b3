"""What a run prints: the tables of ``results.json``, and which pictures go in the grid."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from erasepro.generation.worklist import Row
from erasepro.models.kinds import TEXT_KINDS
from erasepro.presets import differing, leaves, preset
from erasepro.protocol import VERDICT, protocol_label
from erasepro.report import Outcome, Table, metric_table, outcome_table, worst
from erasepro.report.across import across_table
from erasepro.report.across_metrics import across_metrics
from erasepro.report.headlines import headlines, judge
from erasepro.report.nudity import nudity_tables
from erasepro.report.outcomes import ALL, Share
from erasepro.results import Results
from erasepro.runtime.files import write_text

LITTLE = 0.8  # an edit that leaves more than this share of the residual is doubted
GRID = (("target", 3), ("synonym", 1), ("anchor", 1), ("kept", 4))
"""Pictures in the before/after grid by role."""

WORST = "Worst concept"
"""Title of the table that names it."""

COMPARED = ("model", "generation", "templates", "metrics", "protocol", "seed")
"""Config groups in which the runs of a joint table should be alike …"""
UNCOMPARED = ("generation.batch_size", "model.device", "metrics.names")
"""… except for these: they change no number, or (names) a column says it already."""


def tables(results: Results) -> list[Table]:
    """Every table of a run, in the order they are printed."""
    title = f"What the pictures show   [{results.judged.get('protocol', results.protocol)}]"
    found = [outcome_table(_outcomes(results.outcomes), title)] if results.outcomes else []
    found += _worst_table(results)
    for protocol in dict.fromkeys(one.protocol for one in results.scores):  # two protocols share no table
        mine = [one for one in results.scores if one.protocol == protocol]
        edited = _nan({one.metric: one.edited for one in mine if one.edited})
        found.append(
            metric_table(edited, _nan({one.metric: one.original for one in mine if one.original}), protocol=protocol)
        )
        found += nudity_tables(mine)
    return [*found, *_residual_table(results), *layer_table(results.edit.get("diagnostics", [])), _stage_table(results)]


def heading(config: Mapping[str, Any], protocol: str) -> str:
    """One line that says what a run does: pairs, model, method, sampler, seeds, protocol."""
    concepts, generation = config["concepts"], config["generation"]
    told = told_pairs(concepts["pairs"])
    seeds = ", ".join(map(str, generation["seeds"]))
    split = "" if generation["split"] == "test" else f" · {generation['split']} prompts"
    sets = _prompt_sets(config)
    split += "" if sets == ["templates"] else f" · prompts {', '.join(sets)}"
    return (
        f"{told} · {config['model']['name']} · {preset(config)} · {generation['steps']} steps, guidance "
        f"{generation['guidance']:g}, seed{'s' if len(generation['seeds']) > 1 else ''} {seeds}{split} · {protocol}"
    )


def _prompt_sets(config: Mapping[str, Any]) -> list[str]:
    """The prompt sets that a run chose."""
    return list(config.get("prompts") or ["templates"])


def told_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """The first pairs, and how many more there are."""
    first = [f"{target} → {anchor or '(empty)'}" for target, anchor in pairs[:4]]
    more = len(pairs) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def across(found: Sequence[Results]) -> list[Table]:
    """Tables over several runs: a row a method (a preset of conf/solver, and what was changed in it).

    Raises UserError where the runs' pictures were drawn and judged under different protocols.
    """
    labels = [_method(r.config) for r in found]
    runs = [
        (label, r.name, r.judged.get("protocol") or protocol_label(r.config, VERDICT), _outcomes(r.outcomes))
        for label, r in zip(labels, found, strict=True)
    ]
    metrics = across_metrics([(label, headlines(r)) for label, r in zip(labels, found, strict=True)])
    return [
        replace(table, note=" ".join([table.note, *_unlike(found)]).strip()) for table in (across_table(runs), metrics)
    ]


def _unlike(runs: Sequence[Results]) -> list[str]:
    """A sentence that names the settings in which runs of one table differ though they are no part of a method."""
    every = [
        leaves({key: r.config.get(key) for key in COMPARED})
        | {"prompts": ", ".join(_prompt_sets(r.config)), "judge": judge(r.judged.get("evaluator", ""))}
        for r in runs
    ]
    found = [f"{key} ({', '.join(values)})" for key, values in differing(every).items() if key not in UNCOMPARED]
    return [f"CAUTION: these runs are not alike in {'; '.join(found)}."] if found else []


def _method(config: Mapping[str, Any]) -> str:
    """The preset (conf/solver) nearest to a run's solver, with the keys in which it differs; kind and size of its set."""
    kind, size = config["concepts"]["kind"], len(config["concepts"]["pairs"])
    parts = [preset(config), *([kind] if kind != "instance" else []), *([f"{size} concepts"] if size > 1 else [])]
    return ", ".join(parts)


def write_tables(head: str, found: Sequence[Table], folder: Path) -> None:
    """``tables.txt`` and ``tables.md`` in the run's folder, under the run's heading."""
    write_text(folder / "tables.txt", "\n".join([f"{head}\n", *(table.text() for table in found)]))
    write_text(folder / "tables.md", "\n".join([f"{head}\n", *(table.markdown() for table in found)]))


def flat(results: Results) -> dict[str, float]:
    """The headline numbers by name, for a tracker. Of numbers under several protocols the name is that of the run's own; the
    protocol stands before the others'."""
    numbers: dict[str, float] = {}
    own = {value.metric: protocol_label(results.config, value.metric) for value in results.values}
    for value in sorted(results.values, key=lambda value: value.protocol != own[value.metric]):
        if value.value is not None:
            parts = [value.model, value.metric, value.role, value.wording]
            name = "/".join(part for part in parts if part)
            numbers[f"{value.protocol}/{name}" if name in numbers else name] = value.value
    for outcome in _outcomes(results.outcomes):
        for key in ("own", "anchor", "none"):
            share: Share = getattr(outcome, key)
            if share.n:
                numbers[f"shows/{outcome.role}/{outcome.wording}/{key}"] = share.value
    numbers |= {f"residual/{k}": v for k, v in results.residuals.items() if isinstance(v, float)}
    numbers |= {f"seconds/{name}": stage["seconds"] for name, stage in results.stages.items()}
    return numbers


def grid_rows(rows: Iterable[Row]) -> list[Row]:
    """A few rows of each role, wordings and concepts mixed, first seed only."""
    listed = list(rows)
    first = list({row.id: row for row in reversed(listed)}.values())[::-1]
    chosen: list[Row] = []
    for role, number in GRID:
        mine = [row for row in first if row.role == role]
        spread = sorted(mine, key=lambda row: (row.id.rpartition("-")[2], row.wording))  # an id ends in its number
        varied = [next(group) for _, group in groupby(spread, key=lambda row: (row.wording, row.concept))]
        chosen += _concepts_first(varied, number)
    return chosen or first[:9]


def _concepts_first(rows: Sequence[Row], number: int) -> list[Row]:
    """So many rows: of every concept its first, then of every concept its second …"""
    seen: Counter[str] = Counter()
    turns = []
    for row in rows:
        turns.append(seen[row.concept])
        seen[row.concept] += 1
    order = sorted(range(len(rows)), key=lambda i: turns[i])
    return [rows[i] for i in order[:number]]


def _worst_table(results: Results) -> list[Table]:
    by_concept = _outcomes(results.by_concept)
    rows = []
    for role in ("target", "synonym", "kept"):
        groups = [o for o in by_concept if o.role == role and o.wording == ALL and o.own.n]
        found = worst(by_concept, role)
        if found is not None and len(groups) > 1:
            key = "ratio" if role == "kept" else "own"
            ties = sum(getattr(o, key).value == getattr(found, key).value for o in groups) - 1
            name = f"{found.group} and {ties} more" if ties else found.group
            rows.append((role, name, str(found.own.n), *_both(found)))
    return [Table(WORST, ("prompts", "concept", "n", "own", "own / before"), tuple(rows))] if rows else []


def _both(outcome: Outcome) -> tuple[str, str]:
    return _text(outcome.own.value, "{:.3f}"), _text(outcome.ratio.value, "{:.3f}")


def _residual_table(results: Results) -> list[Table]:
    residuals = results.residuals
    test = residuals.get("test") or {}
    exact = residuals.get("exact", True)
    rows = [
        (f"selected build columns, worst site{'' if exact else ' (not exact)'}", residuals.get("selected"), None),
        ("all build columns, worst site", residuals.get("all"), residuals.get("before")),
        ("test prompts, keys and values", test.get("residual"), test.get("before")),
    ]
    cells = [(name, _text(before, "{:.2e}"), _text(after, "{:.2e}")) for name, after, before in rows]
    share = residuals.get("selected_share")
    if share is not None:
        cells.append(("share of build columns selected", "–", f"{100 * share:.1f} %"))
    title = "Relative residual ‖WX − V‖ / ‖V‖"
    note = doubt(test.get("residual"), test.get("before"), "the test prompts") if residuals.get("test") else ""
    return [Table(title, ("columns", "before", "after"), tuple(cells), note)] if residuals else []


def doubt(after: float | None, before: float | None, what: str) -> str:
    """A word of caution where an edit brings features little nearer to the anchors'; "" where it does."""
    if after is None or before is None or not after > LITTLE * before:
        return ""
    return (
        f"CAUTION: the edit brings {what} little or no nearer to their anchors ({before:.2g} before, {after:.2g} after). "
        "Concepts that contradict each other, or words that the text encoder does not know, do that."
    )


def layer_table(diagnostics: Sequence[Mapping[str, Any]]) -> list[Table]:
    """‖ΔW‖/‖W‖: one row a text-encoder layer or embedder; the keys and values, which are many, as a mean."""
    rows, many = [], []
    encoders = {entry["site"].split(".")[0] for entry in diagnostics if entry["kind"] in TEXT_KINDS}
    for entry in diagnostics:
        if "attn2" in entry["kind"]:
            many.append(entry)
            continue
        where = f"{entry['site'].split('.')[0]} " if len(encoders) > 1 else ""
        text = entry["kind"] in TEXT_KINDS
        name = f"{where}block {entry['depth'] + 1} {entry['kind']}" if text else entry["site"].partition(".")[2]
        rows.append((name, str(entry["rank"]), *(_text(entry.get(k), "{:.3g}") for k in ("delta_norm", "gap"))))
    if many:
        norms = [entry["delta_norm"] for entry in many if entry["delta_norm"] is not None]
        mean = sum(norms) / len(norms) if norms else None
        name, rank = f"keys and values ({len(many)}, mean)", max(entry["rank"] for entry in many)
        rows.append((name, str(rank), _text(mean, "{:.3g}"), _text(many[0].get("gap"), "{:.3g}")))
    header = ("layer", "rank", "‖ΔW‖/‖W‖", "gap left")
    note = (
        "rank: columns stored of the low-rank change. gap left: how far the target prompts' state in the edited model is "
        "from the anchor prompts' in the original, after the layer, at the paired tokens; over the latter's size."
    )
    return [Table("Size of the change by layer", header, tuple(rows), note)] if rows else []


def _stage_table(results: Results) -> Table:
    facts = results.stages.items()
    rows = [(n, _text(s.get("seconds"), "{:.2f}"), _text(s.get("peak_mib"), "{:.0f}")) for n, s in facts]
    dropped = results.counts.get("prompts_dropped", 0)
    title = f"Stages ({results.counts.get('images_per_model', 0)} images a model"
    for key, what in (("images_failed", "could not be drawn"), ("images_unreadable", "could not be read")):
        title += f"; {results.counts[key]} {what}" if results.counts.get(key) else ""
    title += f"; prompts dropped for mentioning a minor: {dropped})" if dropped else ")"
    return Table(
        title, ("stage", "seconds", "peak MiB"), tuple(rows), "peak MiB: memory of the process, not of the stage."
    )


def _outcomes(stored: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """``report.Outcome`` objects from their JSON (null was nan)."""
    names = [f.name for f in fields(Outcome)]
    outcomes = []
    for record in stored:
        values = [record[name] for name in names]
        restored: list[Any] = [_share(value) if isinstance(value, Mapping) else value for value in values]
        outcomes.append(Outcome(*restored))
    return outcomes


def _share(node: Mapping[str, Any]) -> Share:
    value = node["value"]
    return Share(math.nan if value is None else value, node["n"], node["stderr"])


def _nan(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {n: {**s, "value": math.nan if s["value"] is None else s["value"]} for n, s in scores.items()}


def _text(value: Any, form: str) -> str:
    return "–" if value is None or math.isnan(value) else form.format(value)
