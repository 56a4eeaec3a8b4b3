"""Keys that runs and edits of before were stored under, and what they are called now.

Stored once, read for years: edit.json of format 1 and results.json both hold a solver's config and an edit's
diagnostics, and both are translated here when they are read. Every function returns a new value, leaves keys that it
does not know as they are, and gives what is in today's form back unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SOLVER_KEYS = {
    "tokens": "token_policy",
    "text_tokens": "text_token_policy",
    "kv": "cross_attention",
    "kv_tokens": "cross_attention_token_policy",
    "kv_fit": "cross_attention_fit",
    "guide": "anchor_source",
    "free": "free_fraction",
    "tau": "independence_threshold",
}
"""Of a solver's config."""

FIT_KEYS = {"tau": "independence_threshold", "rest": "unselected_weight"}
"""Of the groups ``text_fit`` and ``cross_attention_fit``."""

FIT_VALUES_THEN = {"hold": "columns", "reduced_rank": None}
"""Keys of those groups that did not exist, at what was done without them."""

TOKEN_POLICIES = {"subject_to_first_paddings": "subject_to_eighth_padding"}
"""Token policies by their names of before."""

SOLVER_VALUES = {"prompts": {"build": "fitting"}, "preserve": {"build": "fitting"}}
SCHEDULE_VALUES = {"name": {"kv_only": "cross_attention_only"}, "at": {"own": "output"}}
"""Key → old value → new value."""

UNSELECTED_KEYS = {"like": "nearest_column", "miss": "violation"}
"""Of the columns that a diagnostics entry names under ``dropped``."""

META_KEYS = {"build": "edit_prompts", "selected": "selected_columns"}
"""Of an edit's meta data."""

STAGE_KEYS = {"kv": "cross_attention"}
"""Of the seconds of a solve's parts."""


def rename_solver_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A solver's settings under today's names, its schedule's too."""
    renamed = _renamed_values(_renamed(config, SOLVER_KEYS), SOLVER_VALUES)
    for key in ("text_fit", "cross_attention_fit"):
        if isinstance(renamed.get(key), Mapping):
            renamed[key] = _renamed(renamed[key], FIT_KEYS)
    if isinstance(renamed.get("schedule"), Mapping):
        renamed["schedule"] = rename_schedule_config(renamed["schedule"])
    return renamed


def with_values_of_then(config: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A solver's stored settings with the keys that did not exist when they were stored, at what was done without them.

    kind: of the concepts. Styles once had an ``unselected_weight`` of their own, which is theirs now.
    """
    known = {key: config[key] for key in ("text_fit", "cross_attention_fit") if isinstance(config.get(key), Mapping)}
    fits = {key: _with_the_weight_of(kind, {**FIT_VALUES_THEN, **fit}) for key, fit in known.items()}
    tokens = {key: value for key, value in config.items() if key.endswith("token_policy") and isinstance(value, str)}
    return {**config, **{key: TOKEN_POLICIES.get(value, value) for key, value in tokens.items()}, **fits}


def _with_the_weight_of(kind: str, fit: dict[str, Any]) -> dict[str, Any]:
    own = fit.pop("unselected_weight_style", None)
    return fit if kind != "style" or own is None else {**fit, "unselected_weight": own}


def rename_schedule_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule's settings under today's names."""
    return _renamed_values(config, SCHEDULE_VALUES)


def rename_diagnostics(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An edit's diagnostics, one entry a site, under today's names."""
    renamed = []
    for entry in entries:
        dropped = entry.get("dropped")
        if isinstance(dropped, list) and all(isinstance(column, Mapping) for column in dropped):
            entry = {**entry, "dropped": [_renamed(column, UNSELECTED_KEYS) for column in dropped]}
        renamed.append(dict(entry))
    return renamed


def rename_edit_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """An edit's meta data under today's names, that of the edits it is the sum of too."""
    renamed = _renamed(meta, META_KEYS)
    if isinstance(renamed.get("config"), Mapping):
        renamed["config"] = rename_solver_config(renamed["config"])
    for key, names in (("tokens", SOLVER_KEYS), ("seconds", STAGE_KEYS)):
        if isinstance(renamed.get(key), Mapping):
            renamed[key] = _renamed(renamed[key], names)
    if isinstance(renamed.get("parents"), list):
        renamed["parents"] = [
            {**parent, "meta": rename_edit_meta(parent["meta"])}
            if isinstance(parent, Mapping) and isinstance(parent.get("meta"), Mapping)
            else parent
            for parent in renamed["parents"]
        ]
    return renamed


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _renamed_values(values: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        key: names[key].get(value, value) if key in names and isinstance(value, str) else value
        for key, value in values.items()
    }
