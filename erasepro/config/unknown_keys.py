"""A dotted key that no config has: the nearest one, and those that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from erasepro.config.hydra_setup import compose_unchecked
from erasepro.config.paths import groups, options
from erasepro.config.plain_values import dotted_keys
from erasepro.config.quoting import as_word
from erasepro.config.renamed_config_keys import rename_key
from erasepro.errors import UserError, nearest


def unknown_key(key: str, fields: Iterable[str] = (), overrides: Sequence[str] = ()) -> UserError:
    """The error of a dotted key that no config has: the nearest key, and those that stand beside it.

    Args:
        key: for example ``generation.stps``.
        fields: the names under the key's group, where its dataclass is known; else those of the default config are looked up.
        overrides: those that made the config: of the prompt sets, only the keys of those chosen can be meant.
    """
    group, chosen = [*key.split("."), ""][:2]
    parent, _, last = key.rpartition(".")
    names = sorted(fields)
    if names:
        near = nearest(last, names)
        guess = f"{parent}.{near}" if near and parent else near
        where = f"Known under {parent or 'the config'!r}"
        if not parent and guess not in groups():
            guess = _key_named(key) or guess
    elif group == "prompts" and chosen in options(group):
        return UserError(f"Unknown key {key!r}: the prompt set {chosen!r} is not chosen; add prompts={chosen}.")
    elif group == "prompts" and chosen:
        return _unknown_set(key, chosen, overrides)
    elif group == "protocol" and chosen in ("fixes", "suggests", "requires"):
        return _dotted_entry(key, chosen, overrides)
    else:
        known = list(known_keys())
        siblings = [k for k in known if k.rpartition(".")[0] == parent]
        guess = nearest(key, siblings) or nearest(key, known)
        names = sorted(k.rpartition(".")[2] for k in siblings) or sorted(groups())
        where = f"Known under {parent!r}" if parent and siblings else "Known"
    present = rename_key(key)
    guess = present if present != key else guess
    hint = f" Did you mean {guess!r}?" if guess else ""
    return UserError(f"Unknown key {key!r}.{hint} {where}: {', '.join(names)}.", (key, guess) if guess else None)


def _key_named(name: str) -> str | None:
    """The one key of the default config that ends with a name (``generation.steps``); None for none, and for several."""
    keys = [key for key in known_keys() if key.endswith(f".{name}") and not key.startswith("prompts.")]
    return keys[0] if len(keys) == 1 else None


def _unknown_set(key: str, name: str, overrides: Sequence[str]) -> UserError:
    """The error of a key of a prompt set that there is not: the nearest of those chosen, or how one is chosen."""
    words = [word.partition("=")[2] for word in overrides if word.lstrip("+").startswith("prompts=")]
    chosen = re.findall(r"[\w/]+", words[-1]) if words else ["templates"]
    near = nearest(name, chosen)
    hint = f" Did you mean {key.replace(name, near, 1)!r}?" if near else ""
    return UserError(
        f"Unknown key {key!r}: there is no prompt set {name!r}.{hint} Chosen: {', '.join(chosen)}; others are chosen by "
        f"prompts=NAME (see `erasepro ls prompts`).",
        (key, key.replace(name, near, 1)) if near else None,
    )


def _dotted_entry(key: str, mapping: str, overrides: Sequence[str]) -> UserError:
    """The error of ``protocol.fixes.generation.steps=5``: what a protocol states are dotted keys, given in braces."""
    word = next((word.lstrip("+") for word in overrides if word.lstrip("+").startswith(key)), f"{key}=…")
    entry, _, value = word.removeprefix(f"protocol.{mapping}.").partition("=")
    written = as_word(f"protocol.{mapping}", f"{{{entry}:{value}}}")
    return UserError(f"Unknown key {key!r}: the keys of protocol.{mapping} are dotted themselves; write {written}.")


def known_keys() -> list[str]:
    """Dotted keys of the default config; of its solver only those that its file names."""
    from omegaconf import OmegaConf

    return list(dotted_keys(OmegaConf.to_container(compose_unchecked(), resolve=False)))
