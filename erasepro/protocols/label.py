"""The protocol's name as it stands beside a number: ``mace/1``, or ``mace/1+modified(generation.steps)``.

A protocol (``conf/protocol``) says how a paper counted. ``fixes`` are config keys and the values they have in it; ``requires``
are keys that it cannot have a value for, because they name a file of the user's; ``prompt_sets`` and ``models`` are those it
stands for, ``metrics`` those it defines (empty: any). Whatever differs is named in the label, so that no number can pass for
another; where a file that may define the protocol cannot be read, the label is ``mace/1+unverified(mace.yaml)``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from erasepro.config.composed_config import option_settings, stated_name
from erasepro.config.paths import config_dir, options
from erasepro.config.prompt_sets import ROW_SETTING_COLUMNS
from erasepro.config.stored_config import TEMPLATES, StoredConfig
from erasepro.errors import UserError
from erasepro.metrics import METRICS

PREDICTION = "prediction"
"""As the metric of a label: what the judge names in a picture (the shares of ``results.recognition``)."""

ROW_SELECTING_KEYS = (
    "kind",
    "where",
    "use_row_settings",
    "role",
    "concept",
    "names",
    "templates",
    "phrasings",
    "max_rows",
    "by_name",
)
"""Settings of a prompt set that decide which rows are drawn, how, and as what; the others say where a file lies and how it
calls its columns (whether it has one for a setting counts too)."""

FIXING = ("fixes", "requires", "prompt_sets", "models", "metrics")
"""What of a protocol decides its numbers' label."""


def protocol_label(config: StoredConfig, metric: str | None = None) -> str:
    """``name/version`` of a config's protocol, the keys of it that the config changes, and whether it knows the metric.

    ``metric``: the label of that metric's numbers; settings of other metrics (``metrics.params.<other>``) do not touch them,
    nor does the judge touch one that asks none. None: the run's, with every key. ``+unverified`` names the files of
    ``conf/protocol`` that cannot be read and may define this protocol, where no readable file does.
    """
    name, version = config.at("protocol.name"), config.at("protocol.version")
    changed = [key for key in modified_keys(config) if metric is None or _concerns(config, key, metric)]
    label = f"{name}/{version}" + (f"+modified({', '.join(changed)})" if changed else "")
    unread = _stored_definitions(config_dir(), name, version)[1]
    label += f"+unverified({', '.join(unread)})" if unread else ""
    covered = config.at("protocol.metrics") or []
    outside = metric not in (None, PREDICTION) and covered and metric not in covered
    return f"{label}+uncovered({metric})" if outside else label


def modified_keys(config: StoredConfig) -> list[str]:
    """The dotted keys in which a config is not what its protocol stands for.

    ``prompts`` and ``model.name`` are among them where it draws other prompt sets or another model; so are the keys that choose
    or change the rows of the protocol's own prompt sets (`ROW_SELECTING_KEYS`), and ``protocol`` where a protocol of ours is
    no longer what its file says.
    """
    fixes = config.at("protocol.fixes")
    keys = [key for key, value in fixes.items() if applies(config, key) and config.at(key) != value]
    keys += [key for key in config.at("protocol.requires") or {} if _is_asked(config, key) and _is_unset(config, key)]
    sets, models = config.at("protocol.prompt_sets") or [], config.at("protocol.models") or []
    for name in sorted({*sets} & {*config.prompt_sets} - {TEMPLATES}):
        keys += [key for key in _changed(name, config.at(f"prompts.{name}") or {}) if key not in fixes]
    protocol = config.at("protocol.name"), config.at("protocol.version")
    definitions, _, newest = _stored_definitions(config_dir(), *protocol)
    decisive = {key: config.at(f"protocol.{key}") or None for key in FIXING}
    if definitions and all(decisive != definition for definition in definitions):
        keys.append("protocol")
    if not definitions and newest is not None and protocol[1] > newest:  # an older version may have been today's once
        keys.append("protocol")
    if sets and not set(config.prompt_sets) <= set(sets):
        keys.append("prompts")
    if models and config.at("model.name") not in models:
        keys.append("model.name")
    return keys


def _changed(name: str, settings: Mapping[str, Any]) -> list[str]:
    """The keys in which a prompt set chooses other rows, or takes other settings from them, than its file says."""
    usual = _prompt_set(config_dir(), name)
    keys = [
        part
        for part in ROW_SELECTING_KEYS
        if part in usual and _unordered(settings.get(part, usual[part])) != _unordered(usual[part])
    ]
    columns = settings.get("columns") or {}
    for part, column in (usual.get("columns") or {}).items():
        used = ROW_SETTING_COLUMNS.get(part) in (
            None,
            *(settings.get("use_row_settings", usual["use_row_settings"]) or ()),
        ) and part not in ("prompt", "id")
        if used and (columns.get(part, column) is None) != (column is None):
            keys.append(f"columns.{part}")
    return [f"prompts.{name}.{key}" for key in keys]


def _unordered(value: Any) -> Any:
    """A list of words as a set."""
    words = isinstance(value, list) and all(isinstance(word, str) for word in value)
    return frozenset(value) if words else value


@cache
def _prompt_set(conf: Path, name: str) -> Mapping[str, Any]:
    """The settings of a prompt set as its file has them; none where there is no such file. Kept by the folder of configs."""
    if name not in options("prompts"):
        return {}
    return option_settings("prompts", name).values


@cache
def _stored_definitions(conf: Path, name: str, version: int) -> tuple[list[dict[str, Any]], list[str], int | None]:
    """What ``conf/protocol`` says of a protocol, kept by the folder of configs.

    Returns:
        What each file that bears the name and version fixes; where there is no such file, the names of the files that
        cannot be read or composed and may be it (a file that states another name is not it, whatever else is wrong with
        it); and the newest version in a file that bears the name.
    """
    definitions, unread, versions = [], [], []
    for option in options("protocol"):
        try:
            if stated_name("protocol", option) not in (None, name):
                continue
            stored = option_settings("protocol", option)
        except UserError:
            unread.append(f"{option}.yaml")
            continue
        if stored.at("name") == name:
            versions.append(int(stored.at("version", 1)))
        if (stored.at("name"), stored.at("version", 1)) == (name, version):
            definitions.append({key: stored.at(key) or None for key in FIXING})
    return definitions, [] if definitions else unread, max(versions, default=None)


def why_not_comparable(label: str) -> str:
    """Why published values may not stand beside numbers of this label, in one sentence; "" where they may."""
    name, _, rest = label.partition("+")
    if not rest:
        return ""
    return f"No published values beside {label}: only numbers of {name} itself were counted as they were."


def applies(config: StoredConfig, key: str) -> bool:
    """Whether a fixed key is one of this run's: a prompt set's settings matter to runs that draw it."""
    group, _, rest = key.partition(".")
    return group != "prompts" or rest.partition(".")[0] in (config.at("prompts") or ())


def _is_asked(config: StoredConfig, key: str) -> bool:
    """Whether a key's metric is among those that are counted: nobody need name a file for the others."""
    parts = key.split(".")
    return parts[:2] != ["metrics", "params"] or parts[2] in (config.at("metrics.names") or ())


def _is_unset(config: StoredConfig, key: str) -> bool:
    """Whether a key has no value, or only its metric's default."""
    value, parts = config.at(key), key.split(".")
    if value is None or parts[:2] != ["metrics", "params"] or len(parts) != 4:
        return value is None

    schema = METRICS.config(parts[2]) if parts[2] in METRICS else None
    defaults = {f.name: f.default for f in dataclasses.fields(schema)} if schema is not None else {}
    return bool(parts[3] in defaults and defaults[parts[3]] == value)


def _concerns(config: StoredConfig, key: str, metric: str) -> bool:
    """Whether a changed key changes a metric's numbers; a derived metric's are those of the metrics it is made of."""
    from erasepro.metrics.engine.build import metric_config

    def settings(name: str) -> Any:
        return metric_config(name, (config.at("metrics.params") or {}).get(name) or {})

    names = {metric}
    if metric in METRICS and METRICS.get(metric).derived:
        names |= set(METRICS.get(metric).needs(settings(metric)))
    parts = key.split(".")
    if parts[:2] == ["metrics", "params"]:
        return parts[2] in names
    if parts[:2] == ["metrics", "judge"]:
        return any(name not in METRICS or METRICS.get(name).asks_judge(settings(name)) for name in names)
    return True
