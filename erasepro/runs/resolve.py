"""From the words of a command to the `RunSpec` of one run: compose → protocol's values → types → checks.

This is the last place that sees a config.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from erasepro.config.composed_config import compose_config
from erasepro.config.expected_values import check_groups, check_lists
from erasepro.config.hydra_errors import translated
from erasepro.config.hydra_setup import CUSTOM, compose_unchecked, custom_pairs_named
from erasepro.config.nodes import stored_config, unresolved_config
from erasepro.config.overrides import named_keys
from erasepro.config.paths import choices, groups, options
from erasepro.config.plain_values import ABSENT, replaced
from erasepro.config.schema import Config, MetricsConfig
from erasepro.config.solver_settings import completed, typed_settings
from erasepro.config.stored_config import StoredConfig
from erasepro.config.typed_dataclass import structured
from erasepro.errors import UserError
from erasepro.metrics.engine.build import all_configs, metric_configs
from erasepro.metrics.registry import METRICS
from erasepro.protocols.protocol_values import protocol_defaults
from erasepro.runs.check_solver import check_solver
from erasepro.runs.check_values import check_values
from erasepro.runs.preset import method_name, name_for_file
from erasepro.runs.shared_groups import check_stored_values
from erasepro.runs.spec import ChosenMetrics, RunSpec
from erasepro.solvers.registry import SOLVERS


def resolve(overrides: Sequence[str] = ()) -> RunSpec:
    """The run that Hydra overrides describe, every key known and of its type.

    Raises UserError with one clear line for any bad override.
    """
    return dataclasses.replace(spec_of(compose(overrides)), words=tuple(overrides))


def spec_of(cfg: DictConfig) -> RunSpec:
    """The run that a checked config (of `compose` or `checked`) describes."""
    with translated(()):
        config = OmegaConf.to_object(cfg)
    assert isinstance(config, Config)
    stored = stored_config(cfg)
    return RunSpec(
        name=config.name,
        seed=config.seed,
        model=config.model,
        concepts=config.concepts,
        sentences=config.templates,
        solver=config.solver,
        solver_name=str(stored.at("solver.name")),
        prompts=config.prompts,
        generation=config.generation,
        metrics=_chosen_metrics(config.metrics),
        tracker=config.tracker,
        outputs=config.outputs,
        statistics=config.statistics,
        statistics_limit=config.statistics_limit,
        strength=config.strength,
        stored=stored,
    )


def _chosen_metrics(config: MetricsConfig) -> ChosenMetrics:
    configs = all_configs(config.names, metric_configs(config.params))
    return ChosenMetrics(tuple(config.names), configs, config.judge)


def spec_of_stored(stored: StoredConfig, overrides: Sequence[str] = ()) -> RunSpec:
    """The run that a stored config describes, checked again; the overrides that changed it serve the error messages only.

    Where another solver or setting was put into the config, the part of the run's name that is the method's follows.
    """
    cfg = checked(OmegaConf.create(dict(stored.values)), overrides)
    before, now = (name_for_file(str(method)) for method in (stored.at("method") or "", cfg.method))
    if before and str(cfg.name).endswith(f"-{before}") and "name" not in named_keys(overrides):
        cfg.name = str(cfg.name).removesuffix(before) + now
    return spec_of(cfg)


def compose(overrides: Sequence[str] = ()) -> DictConfig:
    """The resolved, checked config of one run. Raises UserError with one clear line for any bad override."""
    return checked(settled(compose_config(overrides), custom_pairs_named(overrides)), overrides)


def settled(cfg: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The config with every key of its solver, and with the values of its protocol where nothing else was chosen.

    ``overrides`` are those that made the config: what they name was chosen. The config is changed in place.
    """
    with translated(overrides):
        complete_solver(cfg, overrides)
        values = unresolved_config(cfg)
        if MISSING not in values.values.values():  # a group was deleted: the check of the config says so
            for key, value in protocol_defaults(values, named_keys(overrides), _usual_values).items():
                OmegaConf.update(cfg, key, value, force_add=True)
            _leave_out_metrics(cfg, named_keys(overrides))
    return cfg


def _leave_out_metrics(cfg: DictConfig, chosen: set[str]) -> None:
    """Take the metrics that do not belong to this kind of concepts out of the usual list; a list that was chosen stays."""
    values = unresolved_config(cfg)
    names, kind = values.at("metrics.names"), str(values.at("concepts.kind"))
    if chosen & {"metrics", "metrics.names"} or names != unresolved_config(compose_unchecked()).at("metrics.names"):
        return
    kinds = {name: str(METRICS.attribute(name, "concept_kinds") or "").split() for name in names}
    OmegaConf.update(cfg, "metrics.names", [name for name in names if not kinds[name] or kind in kinds[name]])


def checked(cfg: DictConfig, overrides: Sequence[str] = ()) -> DictConfig:
    """The config with its interpolations resolved and every key checked: shared groups by ``config/schema.py``, the solver
    and the metrics by their own dataclasses.

    The overrides that made the config serve the error messages only.
    """
    with translated(overrides):
        for key, value in unresolved_config(cfg).values.items():
            if value == MISSING:  # first: others may refer to a group that was deleted
                hint = f"Choose {choices(str(key))}." if key in groups() else f"Give it one: {key}=…"
                raise UserError(f"The key {key!r} has no value. {hint}")
        if OmegaConf.select(cfg, "concepts.name") == CUSTOM:
            OmegaConf.update(cfg, "concepts.name", custom_name(cfg.concepts.get("pairs"), cfg.concepts.get("file")))
        method = _method(cfg)
        OmegaConf.update(cfg, "method", method, force_add=True)
        OmegaConf.resolve(cfg)
        OmegaConf.update(cfg, "name", str(cfg.name).replace(method, name_for_file(method)))
        for missing in sorted(OmegaConf.missing_keys(cfg)):
            raise UserError(f"The key {missing!r} has no value. Give one: {missing}=…")
        values = stored_config(cfg)
        check_stored_values(values)
        metric_configs(values.at("metrics.params") or {})
        typed = OmegaConf.structured(Config)
        schema = solver_schema(cfg)
        typed.solver = structured(schema)
        check_groups(schema, values.at("solver"), "solver")
        # the whole is merged once more: `+key=value` slips past the schemas while Hydra composes
        merged = OmegaConf.merge(typed, dict(values.values))
        config = OmegaConf.to_object(merged)
    assert isinstance(merged, DictConfig)
    assert isinstance(config, Config)
    check_lists(config)
    check_values(config)
    check_solver(config.solver)
    _check_protocol_values(merged)
    if not merged.outputs.dir.strip():
        raise UserError("outputs.dir is empty: name a folder, or outputs.dir=. for the one you are in.")
    return merged


def _method(cfg: DictConfig) -> str:
    """How the config's solver is called: the option that was chosen (or is stored), the keys that were changed in it, and the
    strength where it is not the full edit's."""
    chosen = str(OmegaConf.select(cfg, "method") or "").partition(" ")[0]
    if not isinstance(cfg.solver, DictConfig):
        return chosen
    try:
        values = OmegaConf.to_container(cfg.solver, resolve=True)
        assert isinstance(values, dict)
        settings = typed_settings(solver_schema(cfg), {str(key): value for key, value in values.items()})
    except OmegaConfBaseException:
        return chosen  # the checks that follow name the key
    return method_name(settings, OmegaConf.select(cfg, "strength"), chosen)


_SOUND_PROTOCOLS: set[str] = set()
"""What protocols state that was checked in this process: a sweep resolves dozens of configs."""


def _check_protocol_values(cfg: DictConfig) -> None:
    """Raise UserError for a value that the protocol fixes or suggests and that its key cannot have.

    Settings of a prompt set are checked where it is chosen: then they stand in the config itself.
    """
    stated = stored_config(cfg).at("protocol")
    values_of = {kind: stated[kind] for kind in ("fixes", "suggests") if stated.get(kind)}
    key = json.dumps([values_of, cfg.solver.name], sort_keys=True, default=str)
    if key in _SOUND_PROTOCOLS:
        return
    for kind, values in values_of.items():
        try:
            with translated(()):
                _check_types(cfg, values)
        except UserError as error:
            raise UserError(f"protocol.{kind}: {error}") from error
    _SOUND_PROTOCOLS.add(key)


def _check_types(cfg: DictConfig, values: dict[str, Any]) -> None:
    """Put values by dotted key into a copy of a typed config, and check it."""
    trial = copy.deepcopy(cfg)
    for key, value in values.items():
        if key.startswith("metrics.params."):
            metric_configs(replaced({}, key, value)["metrics"]["params"])
        elif not key.startswith("prompts."):
            OmegaConf.update(trial, key, value)
    config = OmegaConf.to_object(trial)
    assert isinstance(config, Config)
    check_lists(config)
    check_values(config)
    check_solver(config.solver)


def solver_schema(cfg: DictConfig) -> type:
    """The dataclass of ``cfg.solver.name``. Raises UserError where there is none."""
    name = OmegaConf.select(cfg, "solver.name")
    if name is None:
        raise UserError("The key 'solver.name' has no value: choose a solver, for example solver=erasepro.")
    return SOLVERS.required_config(str(name))


def complete_solver(cfg: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Give the chosen solver's node every key of its dataclass, in place: an option says only what differs from it.

    A solver with a ``schedule`` gets the config group's, unless its option names another. Wrong keys and values stay
    for `checked` to tell. Raises UserError for an unknown solver, or one that cannot be imported.
    """
    if OmegaConf.is_missing(cfg, "solver") or not isinstance(cfg.solver, DictConfig):
        return
    schema = solver_schema(cfg)
    fields = [field.name for field in dataclasses.fields(schema)]
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        if "schedule" in fields and key.startswith("solver.schedule."):
            raise UserError(f"Unknown key {key!r}: the schedule is a group of its own; write {key[7:]}={value}.")
        if key == "solver.name":
            raise UserError(f"'solver.name={value}' leaves the keys of another solver: write solver={value} instead.")
    stated = unresolved_config(cfg).at("solver")
    with open_dict(cfg):
        cfg.solver = completed(schema, stated)


def custom_name(pairs: Any, file: str | None) -> str:
    """A name for a set given on the command line: the file's, or the first targets (``dog-apple-and-7-more``)."""
    if file:
        return Path(str(file)).stem
    targets = [str(pair[0]) for pair in pairs or () if isinstance(pair, Sequence) and len(pair) and pair[0]]
    return "-".join([*targets[:3], *([f"and-{len(targets) - 3}-more"] if len(targets) > 3 else [])]) or CUSTOM


def _usual_values(key: str) -> list[Any]:
    """The values of a key that nobody chose: the default config's, and those of the options that it stands in."""
    configs = [compose_unchecked(), compose_unchecked("metrics=default")]
    group, _, rest = key.partition(".")
    if group == "solver":
        configs = [copy.deepcopy(cfg) for cfg in configs]
        for cfg in configs:
            complete_solver(cfg)
    name = rest.partition(".")[0]
    if group == "prompts" and name in options(group):  # to choose a prompt set is not to choose its settings
        configs.append(compose_unchecked(f"prompts={name}"))
    return [unresolved_config(cfg).at(key, ABSENT) for cfg in configs]
