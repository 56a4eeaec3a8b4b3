"""From the words of a command to the checked config of one run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import MISSING, DictConfig, OmegaConf, open_dict

from erasepro.concepts.load import parse_pairs
from erasepro.config.compose import CUSTOM, named, prepare, with_experiment
from erasepro.config.hydra_errors import translated
from erasepro.config.paths import VERSION_BASE, choices, config_dir, search_path_override
from erasepro.config.plain import plain
from erasepro.config.schema import Config
from erasepro.errors import UserError
from erasepro.metrics.engine.build import metric_config
from erasepro.protocols.settle import settle
from erasepro.schedules import ScheduleConfig
from erasepro.solvers import SOLVERS


def compose(overrides: Sequence[str] = ()) -> DictConfig:
    """The resolved, checked config of one run. Raises UserError with one clear line for any bad override."""
    prepare()
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(config_dir())), translated(overrides):
        words = [search_path_override(), *named(overrides)]
        cfg = hydra_compose("config", overrides=words, return_hydra_config=True)
    return check(settled(with_experiment(cfg, cfg.hydra.runtime.choices), named(overrides)), overrides)


def settled(cfg: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The config with every key of its solver, and with the values of its protocol where nothing else was chosen.

    ``overrides`` are those that made the config: what they name was chosen.
    """

    with translated(overrides):
        complete_solver(cfg, overrides)
        settle(cfg, overrides, complete_solver)
    return cfg


def custom_name(pairs: Any, file: str | None) -> str:
    """A name for a set given on the command line: the file's, or the first targets (``dog-apple-and-7-more``)."""
    if file:
        return Path(str(file)).stem
    targets = [str(pair[0]) for pair in pairs or () if isinstance(pair, Sequence) and len(pair) and pair[0]]
    return "-".join([*targets[:3], *([f"and-{len(targets) - 3}-more"] if len(targets) > 3 else [])]) or CUSTOM


def check(cfg: DictConfig, overrides: Sequence[str] = ()) -> DictConfig:
    """Resolve interpolations and check every key: shared groups by ``schema.py``, the solver by its own dataclass.

    The overrides that made the config serve the error messages only.
    """

    with translated(overrides):
        for key, value in OmegaConf.to_container(cfg, resolve=False).items():  # type: ignore[union-attr]
            if value == MISSING:  # first: others may refer to a group that was deleted
                raise UserError(f"The key {key!r} has no value. Choose {choices(str(key))}.")
        if OmegaConf.select(cfg, "concepts.name") == CUSTOM:
            OmegaConf.update(cfg, "concepts.name", custom_name(cfg.concepts.get("pairs"), cfg.concepts.get("file")))
        OmegaConf.resolve(cfg)
        for missing in sorted(OmegaConf.missing_keys(cfg)):
            raise UserError(f"The key {missing!r} has no value. Give one: {missing}=…")
        values = plain(cfg)
        parse_pairs(values["concepts"]["pairs"])  # its messages show the form; omegaconf's do not name the key
        if values["schedule"] is not None:
            # first: the solver holds a copy, and errors should name the key that was written
            OmegaConf.merge({"schedule": OmegaConf.structured(ScheduleConfig)}, {"schedule": values["schedule"]})
        for metric, given in (values["metrics"].get("params") or {}).items():
            metric_config(metric, given or {})
        typed = OmegaConf.structured(Config)
        schema = solver_schema(cfg)
        if schema is not None:
            typed.solver = OmegaConf.structured(schema)
        # the whole is merged once more: `+key=value` slips past the schemas while Hydra composes
        checked = OmegaConf.merge(typed, values)
    assert isinstance(checked, DictConfig)
    if not checked.outputs.dir.strip():
        raise UserError("outputs.dir is empty: name a folder, or outputs.dir=. for the one you are in.")
    return checked


def solver_schema(cfg: DictConfig) -> type | None:
    """The dataclass of ``cfg.solver.name``, or None where the solver registered none."""

    name = OmegaConf.select(cfg, "solver.name")
    if name is None:
        raise UserError("The key 'solver.name' has no value: choose a solver, for example solver=erasepro.")
    return SOLVERS.config(str(name))


def complete_solver(cfg: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Give the chosen solver's node every key of its dataclass, in place: an option says only what differs from it.

    A solver with a ``schedule`` gets the config group's, unless its option names another. Wrong keys and values stay
    for `check` to tell. Raises UserError for an unknown solver, or one that cannot be imported.
    """
    if OmegaConf.is_missing(cfg, "solver") or not isinstance(cfg.solver, DictConfig):
        return
    schema = solver_schema(cfg)
    if schema is None:
        return
    fields = [field.name for field in dataclasses.fields(schema)]
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        if "schedule" in fields and key.startswith("solver.schedule."):
            raise UserError(f"Unknown key {key!r}: the schedule is a group of its own; write {key[7:]}={value}.")
        if key == "solver.name":
            raise UserError(f"'solver.name={value}' leaves the keys of another solver: write solver={value} instead.")
    defaults = OmegaConf.to_container(OmegaConf.structured(schema))
    assert isinstance(defaults, dict)
    if "schedule" in fields:
        defaults["schedule"] = "${schedule}"
    with open_dict(cfg):
        cfg.solver = overlaid(defaults, OmegaConf.to_container(cfg.solver, resolve=False))


def overlaid(defaults: Any, given: Any) -> Any:
    """Plain values over plain defaults, group by group."""
    if not isinstance(defaults, dict) or not isinstance(given, dict):
        return given
    return defaults | {key: overlaid(defaults.get(key), value) for key, value in given.items()}
