"""Giving a config the values of its protocol, except where the user chose others.

A key counts as chosen where an override names it, or where its value is neither the default config's nor that of
``conf/metrics/default.yaml`` (of a prompt set: of its own file): an experiment or another option has set it. What was chosen
stays, and renames the protocol.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf

from erasepro.config.compose import uncomposed
from erasepro.config.paths import options
from erasepro.config.plain import at, dotted_keys
from erasepro.errors import UserError, nearest
from erasepro.protocols.label import applies

ABSENT = object()


def settle(cfg: DictConfig, overrides: Sequence[str], complete: Callable[[DictConfig], None]) -> None:
    """Put what the protocol fixes and suggests into a composed config, in place.

    Args:
        overrides: those that made the config; what they name was chosen.
        complete: gives the solver's node of a config every key of its dataclass, in place.

    Raises:
        UserError: the protocol names a key that does not exist.
    """
    values = _container(cfg)
    if MISSING in values.values():
        return  # a group was deleted; the check of the config says so
    protocol = values["protocol"]
    wanted = {**(protocol.get("suggests") or {}), **protocol["fixes"]}
    if not wanted:
        return
    chosen = named_keys(overrides)
    for key, value in wanted.items():
        _known(values, key)
        own = at(values, key, ABSENT)
        differs = own is not ABSENT and own not in _usual(key, complete)
        if applies(values, key) and key not in chosen and not differs:
            OmegaConf.update(cfg, key, value, force_add=True)


def resettle(config: dict[str, Any], before: Mapping[str, Any], chosen: set[str]) -> None:
    """The same for a finished run's plain config whose protocol was replaced: only what decides scores, in place.

    Args:
        before: the protocol until now; what it set of the metrics and the new one does not set goes back to the default.
        chosen: keys that the user names now.
    """

    usual, protocol = _container(uncomposed("metrics=default")), config["protocol"]
    old = {**(before.get("suggests") or {}), **before["fixes"]}
    new = {**(protocol.get("suggests") or {}), **protocol["fixes"]}
    back = {key: at(usual, key, ABSENT) for key in old if key not in new and at(config, key) == old[key]}
    for key, value in {**back, **new}.items():
        if key.startswith("metrics.") and key not in chosen:
            _put(config, key, value)


def named_keys(overrides: Sequence[str]) -> set[str]:
    """The dotted keys that Hydra overrides give a value, those inside ``{…}`` too."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    found = set()
    for one in OverridesParser.create().parse_overrides(list(overrides)):
        if not one.is_sweep_override():
            found |= set(_leaves(one.key_or_group, one.value()))
    return found


def _leaves(key: str, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [key]
    return [leaf for name, part in value.items() for leaf in _leaves(f"{key}.{getattr(name, 'text', name)}", part)]


def _usual(key: str, complete: Callable[[DictConfig], None]) -> list[Any]:
    """The values of a key that nobody chose: the default config's, and those of the options that it stands in."""

    configs = [uncomposed(), uncomposed("metrics=default")]
    group, _, rest = key.partition(".")
    if group == "solver":
        configs = [copy.deepcopy(one) for one in configs]
        for one in configs:
            complete(one)
    name = rest.partition(".")[0]
    if group == "prompts" and name in options(group):  # to choose a prompt set is not to choose its settings
        configs.append(uncomposed(f"prompts={name}"))
    return [at(_container(one), key, ABSENT) for one in configs]


def _known(values: Mapping[str, Any], key: str) -> None:
    """Metrics' parameters are checked where metrics are built, prompt sets' where they are read."""
    if at(values, key, ABSENT) is ABSENT and not key.startswith(("metrics.params.", "prompts.")):
        guess = nearest(key, dotted_keys(values))
        hint = f" Did you mean {guess!r}?" if guess else " `erasepro --cfg` prints the keys there are."
        raise UserError(f"The protocol {values['protocol']['name']!r} names the unknown key {key!r}.{hint}")


def _put(config: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    node = config
    for part in path:
        node = node.setdefault(part, {})
    if value is ABSENT:
        node.pop(last, None)
    else:
        node[last] = value


def _container(cfg: DictConfig) -> dict[str, Any]:
    found = OmegaConf.to_container(cfg, resolve=False)
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
