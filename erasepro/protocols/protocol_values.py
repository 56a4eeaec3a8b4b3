"""The values that a protocol gives to a config, except where the user chose others.

A key counts as chosen where an override names it, or where its value is none of its usual ones (the default config's, that of
``conf/metrics/default.yaml``, of a prompt set that of its own file): an experiment or another option has set it. What was
chosen stays, and renames the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from erasepro.config.plain_values import ABSENT, dotted_keys
from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError, nearest
from erasepro.protocols.label import applies

UsualValues = Callable[[str], Sequence[Any]]
"""The values that a dotted key has where nobody chose one; `ABSENT` among them where it may have none."""


def protocol_defaults(config: StoredConfig, chosen: set[str], usual: UsualValues) -> dict[str, Any]:
    """The values that a config takes from its protocol, by dotted key: what it fixes and suggests, less the keys chosen.

    Args:
        config: with every key of its solver; interpolations need not be resolved.
        chosen: the dotted keys that overrides name.
        usual: gives the values of a key that count as not chosen.

    Raises:
        UserError: the protocol names a key that does not exist.
    """
    values = {}
    for key, value in protocol_values(config).items():
        _check_known(config, key)
        present = config.at(key, ABSENT)
        differs = present is not ABSENT and present not in usual(key)
        if applies(config, key) and key not in chosen and not differs:
            values[key] = value
    return values


def replace_protocol_values(
    config: StoredConfig,
    before: StoredConfig,
    chosen: set[str],
    default: StoredConfig,
    groups: tuple[str, ...] = ("metrics.",),
) -> StoredConfig:
    """A finished run's config whose protocol was replaced, with the new protocol's values of the keys of some groups.

    Args:
        config: the run's config with the new protocol in it.
        before: the run's config until now; what its protocol set of the metrics and the new one does not set goes back to
            the default.
        chosen: dotted keys that the user names now.
        default: a config with the values of ``conf/metrics/default.yaml``.
        groups: beginnings of the keys that are set: of what was drawn nothing but the metrics can change.
    """
    old, new = protocol_values(before), protocol_values(config)
    back = {key: default.at(key, ABSENT) for key in old if key not in new and config.at(key) == old[key]}
    changes = {**back, **new}
    return config.replaced(
        {
            key: value
            for key, value in changes.items()
            if key.startswith(groups) and key not in chosen and applies(config, key)
        }
    )


def protocol_values(config: StoredConfig) -> dict[str, Any]:
    """The values that a config's protocol suggests and fixes, by dotted key."""
    return {**(config.at("protocol.suggests") or {}), **(config.at("protocol.fixes") or {})}


def _check_known(config: StoredConfig, key: str) -> None:
    """Metrics' parameters are checked where metrics are built, prompt sets' where they are read."""
    if config.at(key, ABSENT) is ABSENT and not key.startswith(("metrics.params.", "prompts.")):
        guess = nearest(key, dotted_keys(config.values))
        hint = f" Did you mean {guess!r}?" if guess else " `erasepro --cfg` prints the keys there are."
        raise UserError(f"The protocol {config.at('protocol.name')!r} names the unknown key {key!r}.{hint}")
