"""How ``results.json`` of version 2, whose keys, roles and metrics had other names, is read as version 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from erasepro.config.renamed_config_keys import rename_key
from erasepro.results.renamed_keys import (
    rename_diagnostics,
    rename_edit_meta,
    rename_schedule_config,
    rename_solver_config,
)

OLD_VERSION = 2

METRICS = {"fd_mini": "fd_miniature"}
ROLES = {"kept": "retain"}
SPLITS = {"dev": "validation"}
NETWORKS = {"evaluator": "judge"}
RECORD = {"outcomes": "recognition", "by_concept": "recognition_by_concept", "judged": "recognition_source"}
RATES = {
    "own": "concept_shown",
    "anchor": "anchor_shown",
    "none": "unrecognised",
    "ratio": "retention",
    "wording": "phrasing",
}
SAMPLE = {
    "wording": "phrasing",
    "expects": "expected_concept",
    "verdict": "prediction",
    "top1": "clip_accuracy_top1",
    "s_target": "clip_accuracy_pairwise_target",
    "s_anchor": "clip_accuracy_pairwise_anchor",
    "probability": "clip_probability",
    "object_hit": "object_accuracy_hit",
    "object_seen": "object_accuracy_seen",
    "object_prob": "object_accuracy_prob",
}
"""Columns of ``samples.parquet`` and of the files in ``scores/``."""


def translate_results(record: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON value of a file of version 2 in the form of version 3.

    Numbers stay as they are. What is missing or of a wrong type stays so: `results.results_schema.check_results` names it.
    """
    new = {RECORD.get(key, key): value for key, value in record.items()}
    changes: dict[str, Callable[[Any], Any]] = {
        "config": translate_config,
        "protocol": _label,
        "hashes": lambda hashes: _renamed(hashes, {"evaluator": "judge"}),
        "values": lambda values: _each(values, _value),
        "scores": lambda scores: _each(scores, _score),
        "recognition": lambda rates: _each(rates, _rates),
        "recognition_by_concept": lambda rates: _each(rates, _rates),
        "recognition_source": lambda source: _changed(_renamed(source, {"evaluator": "judge"}), {"protocol": _label}),
        "edit": lambda edit: _changed(edit, {"meta": _edit_meta, "diagnostics": _diagnostics}),
        "version": lambda version: OLD_VERSION + 1,
    }
    return _changed(new, changes)


def translate_config(config: Any) -> Any:
    """A plain config with its keys, roles and metrics under their present names."""
    groups = {"solver": rename_solver_config, "schedule": rename_schedule_config}
    return _changed(_config(config, ""), {key: partial(_if_mapping, rename) for key, rename in groups.items()})


def translate_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A per-sample row of version 2 with its columns under their present names; others are left as they are."""
    old = not SAMPLE.keys().isdisjoint(sample)
    new = {SAMPLE.get(key, key): value for key, value in sample.items()}
    return _changed(new, {"role": lambda role: _named(role, ROLES)}) if old else new


def _if_mapping(rename: Callable[[Mapping[str, Any]], Any], value: Any) -> Any:
    return rename(value) if isinstance(value, Mapping) else value


def _edit_meta(meta: Any) -> Any:
    return _if_mapping(rename_edit_meta, meta)


def _diagnostics(entries: Any) -> Any:
    is_form = isinstance(entries, list) and all(isinstance(entry, Mapping) for entry in entries)
    return rename_diagnostics(entries) if is_form else entries


def _config(node: Any, prefix: str) -> Any:
    """A node of the config at a dotted key; the keys of ``protocol.fixes`` and its like are dotted keys themselves."""
    if not isinstance(node, Mapping):
        return _setting(prefix, node)
    if prefix in ("protocol.fixes", "protocol.requires", "protocol.suggests"):
        return {rename_key(key): _setting(rename_key(key), value) for key, value in node.items()}
    if not prefix:
        return {key: _config(value, str(key)) for key, value in node.items()}
    paths = {key: rename_key(f"{prefix}.{key}") for key in node}
    return {
        path.rpartition(".")[2] if path != f"{prefix}.{key}" else key: _config(node[key], path)
        for key, path in paths.items()
    }


def _setting(key: str, value: Any) -> Any:
    group, name = key.partition(".")[0], key.rpartition(".")[2]
    if key in ("metrics.names", "protocol.metrics") or (group == "metrics" and name == "of"):
        return _named(value, METRICS)
    if group in ("metrics", "prompts") and name in ("role", "roles"):
        return _named(value, ROLES)
    if group == "metrics" and name == "network":
        return _named(value, NETWORKS)
    return _named(value, SPLITS) if key == "generation.split" else value


def _value(value: Any) -> Any:
    return _changed(
        _renamed(value, {"wording": "phrasing"}),
        {"metric": lambda name: _named(name, METRICS), "role": lambda role: _named(role, ROLES), "protocol": _label},
    )


def _score(score: Any) -> Any:
    score = _renamed(score, {"evaluator": "judge"})
    if isinstance(score, Mapping):
        score = {"source": "", **score}  # the first files of this version have none
    return _changed(
        score,
        {
            "metric": lambda name: _named(name, METRICS),
            "protocol": _label,
            "params": lambda params: _config(params, "metrics.params.of_this_metric"),
            "edited": _model_score,
            "original": _model_score,
        },
    )


def _model_score(score: Any) -> Any:
    return _changed(score, {"name": lambda name: _named(name, METRICS), "parts": _parts})


def _parts(parts: Any) -> Any:
    """A score's parts: groups of rows are called by their role; of a metric's own facts those that name one of it."""
    if not isinstance(parts, Mapping):
        return parts
    new = {}
    for key, part in parts.items():
        role, slash, phrasing = key.partition("/")
        new[ROLES.get(role, role) + slash + phrasing] = _parts(part) if isinstance(part, Mapping) else part
    return _changed(
        new,
        {
            "roles": lambda roles: _named(roles, ROLES),
            "of": lambda name: _named(name, METRICS),
            "unit": lambda unit: re.sub(r"\bevaluator\b", "judge", unit) if isinstance(unit, str) else unit,
        },
    )


def _rates(rates: Any) -> Any:
    return _changed(_renamed(rates, RATES), {"role": lambda role: _named(role, ROLES)})


def _label(label: Any) -> Any:
    """A protocol's label: the keys and metrics in its brackets."""
    if not isinstance(label, str):
        return label
    head, plus, rest = label.partition("+")
    return head + plus + re.sub(r"[\w.]+(?=[,)])", lambda key: METRICS.get(key[0], rename_key(key[0])), rest)


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """A name, or a list of names, where one of them has changed."""
    if isinstance(value, list):
        return [_named(name, names) for name in value]
    return names.get(value, value) if isinstance(value, str) else value


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    return {names.get(key, key): value for key, value in node.items()} if isinstance(node, Mapping) else node


def _changed(node: Any, changes: Mapping[str, Callable[[Any], Any]]) -> Any:
    """A record with some of its values put through a function; whatever is no record as it is."""
    if not isinstance(node, Mapping):
        return node
    return {key: changes[key](value) if key in changes else value for key, value in node.items()}


def _each(node: Any, change: Callable[[Any], Any]) -> Any:
    return [change(entry) for entry in node] if isinstance(node, list) else node
