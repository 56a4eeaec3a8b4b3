"""Composing a config: where the yaml files are, Hydra's compose, and its errors turned into one clear line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import MISSING, DictConfig, OmegaConf, open_dict

from erasepro.concepts.load import parse_pairs
from erasepro.config_errors import translated
from erasepro.errors import UserError
from erasepro.schema import Config

VERSION_BASE = "1.3"
CUSTOM = "custom"
OPEN = ("solver.", "metrics.params.", "protocol.fixes=", "protocol.suggests=", "protocol.requires=")
"""Keys that `check` knows and the yaml files need not name: a solver's and every metric's, a protocol of one's own."""


def config_dir() -> Path:
    """``conf/``: inside the package when installed from a wheel, beside it in a checkout or an editable install."""
    package = Path(__file__).resolve().parent
    for root in (package, package.parent):
        if (root / "conf" / "config.yaml").is_file():
            return root / "conf"
    raise UserError("The conf/ folder is missing beside the package: reinstall erasepro (`pip install .`).")


def search_path_override() -> str:
    """The Hydra override that puts the folder holding ``experiments/`` on the search path."""
    return f"hydra.searchpath=[{str(config_dir().parent)!r}]".replace("['", "['file://")


def prepare() -> None:
    """Register the root schema and the solvers without a yaml file, and forbid reading the environment from a config.

    Safe to call again.
    """
    ConfigStore.instance().store(name="root_schema", node=Config)
    for name in unfiled_solvers():
        ConfigStore.instance().store(group="solver", name=name, node={"name": name})
    for resolver in ("oc.env", "env"):
        OmegaConf.register_new_resolver(resolver, _refuse_environment, replace=True)


def _refuse_environment(*words: str) -> None:
    raise UserError(
        f"A config may not read the environment (${{oc.env:{','.join(map(str, words))}}}): configs are shared data. "
        "Write the value, or pass it on the command line."
    )


def compose(overrides: Sequence[str] = ()) -> DictConfig:
    """The resolved, checked config of one run. Raises UserError with one clear line for any bad override."""
    prepare()
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(config_dir())), translated(overrides):
        words = [search_path_override(), *named(overrides)]
        cfg = hydra_compose("config", overrides=words, return_hydra_config=True)
    return check(settled(with_experiment(cfg, cfg.hydra.runtime.choices), named(overrides)), overrides)


def with_experiment(cfg: DictConfig, chosen: Mapping[str, Any]) -> DictConfig:
    """The config without Hydra's own part, its key ``experiments`` holding the option of that group that was chosen."""
    found = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
    OmegaConf.update(found, "experiments", chosen.get("experiments"))
    return found


def settled(cfg: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The config with every key of its solver, and with the values of its protocol where nothing else was chosen.

    ``overrides`` are those that made the config: what they name was chosen.
    """
    from erasepro.protocol_values import settle

    with translated(overrides):
        complete_solver(cfg, overrides)
        settle(cfg, overrides)
    return cfg


@cache
def uncomposed(*overrides: str) -> DictConfig:
    """What ``conf/`` alone says, neither resolved nor checked nor given a protocol's values. Not to be changed."""
    prepare()
    GlobalHydra.instance().clear()
    with initialize_config_dir(version_base=VERSION_BASE, config_dir=str(config_dir())):
        return hydra_compose("config", overrides=[search_path_override(), *overrides])


def named(overrides: Sequence[str]) -> list[str]:
    """The overrides, with the concept set renamed (see `custom_name`) where its pairs are replaced but not its name.

    ``metrics=[a,b]`` names metrics; the group's options are words. Keys under `OPEN` need no ``+`` where no config has a value
    for them yet.
    """
    overrides = ["metrics.names" + one[7:] if one.startswith("metrics=[") else one for one in overrides]
    overrides = ["++" + one if one.startswith(OPEN) else one for one in overrides]
    keys = {override.partition("=")[0].lstrip("+") for override in overrides}
    replaced = bool(keys & {"concepts.pairs", "concepts.file"}) and "concepts.name" not in keys
    return [*overrides, *([f"concepts.name={CUSTOM}"] if replaced else [])]


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
    from erasepro.metrics.build import metric_config
    from erasepro.schedules import ScheduleConfig

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
    from erasepro.solvers import SOLVERS

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


def to_object(cfg: DictConfig, schema: type) -> Any:
    """The node as an instance of ``schema`` (plain lists and dicts inside). Wrong keys or types raise UserError."""
    with translated(()):
        known = {f.name for f in dataclasses.fields(schema)}
        merged = OmegaConf.merge(OmegaConf.structured(schema), {k: v for k, v in cfg.items() if k in known})
        return OmegaConf.to_object(merged)


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The config as plain dicts, lists and scalars."""
    found = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}


def groups() -> dict[str, list[str]]:
    """Config groups with their options (``{"solver": ["erasepro", "uce"], …}``), ``experiments`` included."""
    conf = config_dir()
    found = {p.name: options(p.name) for p in sorted(conf.iterdir()) if p.is_dir() and p.name != "hydra"}
    return found | {"experiments": options("experiments")}


def options(group: str) -> list[str]:
    """The options of a group: yaml files under its folder, without the suffix, sub-folders included; solvers without one."""
    found = [*filed_options(group), *(unfiled_solvers() if group == "solver" else ())]
    return sorted(found)


def unfiled_solvers() -> list[str]:
    """Names of the solvers that have no yaml file: their dataclass's defaults are the option. Imports no solver."""
    from erasepro.solvers.registry import SOLVERS

    files = set(filed_options("solver"))
    return [name for name in SOLVERS.names() if name not in files]


def filed_options(group: str) -> list[str]:
    """The options of a group that are yaml files."""
    conf = config_dir()
    folder = conf.parent / group if group == "experiments" else conf / group
    names = (p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml"))
    return sorted(name for name in names if not any(part.startswith("_") for part in name.split("/")))


def choices(group: str) -> str:
    """The options of a group as the command takes them, ``solver=ace|uce``; the first 25 of many."""
    names = options(group)
    return f"{group}={'|'.join(names[:25])}" + (f" … ({len(names)} in all: see `erasepro ls`)" if names[25:] else "")


def dotted_keys(node: Any, prefix: str = "") -> Iterator[str]:
    """Every dotted key of a config, groups and leaves."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from dotted_keys(value, f"{prefix}{key}.")
