"""Hydra's and omegaconf's exceptions as one line each: the key, the bad value, what is allowed, the nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import yaml
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    ValidationError,
)

from erasepro.config.expected_values import expected_at
from erasepro.config.hydra_setup import compose_unchecked
from erasepro.config.paths import choices, groups, options
from erasepro.config.plain_values import dotted_keys
from erasepro.config.quoting import as_word, readable
from erasepro.config.registered_names import registered_names
from erasepro.config.renamed_config_keys import rename_key, rename_value
from erasepro.config.schema import Config
from erasepro.config.yaml_files import first_line, unreadable_file
from erasepro.errors import UserError, nearest

EXPECTED = {
    "Integer": "a whole number",
    "int": "a whole number",
    "Float": "a number",
    "float": "a number",
    "Boolean": "true or false",
    "bool": "true or false",
    "String": "text",
    "str": "text",
    "list": "a list, for example [0,1,2]",
}


@contextmanager
def translated(overrides: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra and omegaconf raise inside the block into a UserError."""
    try:
        yield
    except UserError:
        raise
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:  # Hydra has own ValueErrors
        raise translate(error, overrides) from error


def translate(error: BaseException, overrides: Sequence[str]) -> UserError:
    """One clear line for a failed composition."""
    for link in _chain(error):
        if isinstance(link, UserError):
            return link
    for link in _chain(error):
        if isinstance(link, MissingConfigException):
            return _missing_option(link)
        if isinstance(link, OverrideParseException):
            key, _, value = (link.override or "").partition("=")
            dict_of_one = re.fullmatch(r"\{([^{}:,]+):([^{}:,]*)\}", value) if key == "concepts.pairs" else None
            quoted = readable(key, f"[[{dict_of_one[1]},{dict_of_one[2]}]]" if dict_of_one else value)
            if quoted is not None:
                return UserError(
                    f"Cannot read the override {link.override!r}: Hydra takes some letters only in quotes of its own, "
                    f"inside the shell's: write {as_word(key, quoted)}."
                )
            return UserError(
                f"Cannot read the override {link.override!r}: write key=value; quote brackets, spaces and commas for "
                f"the shell, for example 'concepts.pairs=[[dog,cat]]' ({first_line(link.message)})."
            )
        if isinstance(link, yaml.YAMLError | UnicodeDecodeError) or (
            isinstance(link, ValidationError) and not link.full_key
        ):
            unread = unreadable_file()
            if unread is not None:
                return unread
        if isinstance(link, ValidationError):
            return _wrong_type(link, overrides)
        if isinstance(link, (ConfigAttributeError, ConfigKeyError)):
            return _wrong_key(link, error, overrides)
    if isinstance(error, InterpolationResolutionError):
        where = f" of the config key {error.full_key!r}" if error.full_key else ""
        return UserError(f"Cannot resolve a ${{…}}{where}: {first_line(str(error))}.")
    if "Ambiguous value" in str(error):
        return UserError(f"{first_line(str(error))}: add -m to run one job for each value, or quote a list as [a,b].")
    if "Config group override must be a string" in str(error):
        return _no_option(overrides)
    if isinstance(error, ConfigCompositionException):
        match = re.search(r"(?:Error merging override ~|Could not delete ')([\w.]+)", str(error))
        if match:
            return UserError(f"{match.group(1)!r} cannot be deleted: give it a value, {match.group(1)}=…")
        match = re.search(r"Could not delete from config\. '([\w.]+)'", str(error))
        if match:
            key = match.group(1)
            return UserError(f"{key!r} is not there to be deleted: an unset key has its default; to change it, {key}=…")
        match = re.search(r"Error merging override \+*concepts\.pairs=(.*)", str(error))
        if match:
            return _wrong_pairs(match.group(1).strip())
        match = re.search(r"Error merging override \+*([\w.]+)=(.*)", str(error))
        if match and expected_at(Config, match.group(1)):
            return _wrong_value(match.group(1), match.group(2).strip(), expected_at(Config, match.group(1)))
        match = re.search(r"Could not override '([^']+)'", str(error))
        if match:
            key = match.group(1).lstrip("+~").partition("=")[0]
            return _wrong_group(key, overrides) or unknown_key(key)
    return UserError(f"The config does not compose: {first_line(str(error))}.")


def unknown_key(key: str, fields: Iterable[str] = ()) -> UserError:
    """The error of a dotted key that no config has: the nearest key, and those that stand beside it.

    Args:
        key: for example ``generation.stps``.
        fields: the names under the key's group, where its dataclass is known; else those of the default config are looked up.
    """
    group, chosen = [*key.split("."), ""][:2]
    parent, _, last = key.rpartition(".")
    names = sorted(fields)
    if names:
        near = nearest(last, names)
        guess = f"{parent}.{near}" if near and parent else near
        where = f"Known under {parent or 'the config'!r}"
    elif group == "prompts" and chosen in options(group):
        return UserError(f"Unknown key {key!r}: the prompt set {chosen!r} is not chosen; add prompts={chosen}.")
    else:
        known = list(known_keys())
        siblings = [k for k in known if k.rpartition(".")[0] == parent]
        guess = nearest(key, siblings) or nearest(key, known)
        names = sorted(k.rpartition(".")[2] for k in siblings) or sorted(groups())
        where = f"Known under {parent!r}" if parent and siblings else "Known"
    present = rename_key(key)
    guess = present if present != key else guess
    hint = f" Did you mean {guess!r}?" if guess else ""
    return UserError(f"Unknown key {key!r}.{hint} {where}: {', '.join(names)}.")


def known_keys() -> list[str]:
    """Dotted keys of the default config; of its solver only those that its file names."""
    from omegaconf import OmegaConf

    return list(dotted_keys(OmegaConf.to_container(compose_unchecked(), resolve=False)))


def _missing_option(error: MissingConfigException) -> UserError:
    group, _, name = (error.missing_cfg_file or "").lstrip("/").partition("/")
    if group not in groups():
        return UserError(f"No config named {error.missing_cfg_file!r}. Groups: {', '.join(groups())}.")
    known = options(group)
    guess = nearest(name, known) or nearest(name, [k.rpartition("/")[2] for k in known])
    guess = next((k for k in known if guess and (k == guess or k.endswith("/" + guess))), None)
    guess = rename_value(group, name) if rename_value(group, name) != name else guess
    hint = f" Did you mean {group}={guess}?" if guess else ""
    if group == "metrics":
        hint = f" A metric by its name is metrics=[{name}]." if name in registered_names("metrics") else hint
    shown = ", ".join(known[:25]) + (f" … ({len(known)} in all, see `erasepro ls`)" if len(known) > 25 else "")
    return UserError(f"Unknown {group} {name!r}.{hint} Known: {shown or 'none'}.")


def _no_option(overrides: Sequence[str]) -> UserError:
    """A group given null, a number, true or false: which one, and its options."""
    known = groups()
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        plain = re.fullmatch(r"null|true|false|[\w.+-]*\d[\w.]*", value, re.IGNORECASE)
        if plain and key in known and value not in known[key]:
            return UserError(f"Bad value for {key!r}: got {value!r}, expected {choices(key)}.")
        wrong = _wrong_group(key, overrides)
        if wrong is not None:
            return wrong
    keys = ", ".join(override.partition("=")[0] for override in overrides)
    return UserError(f"A group takes the name of one of its options, or its keys one by one (group.key=…): see {keys}.")


def _wrong_group(key: str, overrides: Sequence[str]) -> UserError | None:
    """A value given to a key that holds others and has no options (``outputs=foo``); None for any other key."""
    expected = None if key in groups() or "." in key else expected_at(Config, key)
    values = [word.partition("=")[2] for word in overrides if word.lstrip("+").partition("=")[0] == key]
    return _wrong_value(key, values[-1], expected) if expected and values else None


def _wrong_value(key: str, value: str | None, expected: str | None) -> UserError:
    return UserError(f"Bad value for {key!r}: " + (f"got {value!r}, " if value is not None else "") + f"expected {expected}.")


def _wrong_type(error: ValidationError, overrides: Sequence[str]) -> UserError:
    key = str(error.full_key or "") or "?"
    given = {override.partition("=")[0].lstrip("+"): override.partition("=")[2] for override in overrides}
    inside = re.fullmatch(r"\?|\d+|concepts\.pairs(\[\d+\])*", key)  # in a list of lists the key may not be named
    if inside and "concepts.pairs" in given:
        return _wrong_pairs(given["concepts.pairs"])
    text = first_line(str(error))
    value = given.get(key)
    quoted = re.search(r"[Vv]alue '(.*?)'", text)
    shown = value if value is not None else (quoted.group(1) if quoted else None)
    wanted = re.search(r"(?:converted to|to|valid) (\w+)(?: \(|$)", text)
    expected = expected_at(Config, key) or _expected(error.object_type, key)
    expected = expected or (EXPECTED.get(wanted.group(1)) if wanted else None)
    if not expected and ("ListConfig" in text or "list" in text.casefold()):
        expected = EXPECTED["list"]
    if any(words in text for words in ("not Optional", "'None'", "NoneType")):
        expected = (expected or "its keys one by one") + "; null is not allowed"
    return _wrong_value(key, shown, expected) if expected else UserError(f"Bad value for {key!r}: {text}.")


def _expected(schema: object, key: str) -> str | None:
    """What the field of a dataclass takes, in words."""
    return expected_at(schema, re.split(r"\.", key)[-1]) if isinstance(schema, type) else None


def _wrong_pairs(value: str) -> UserError:
    """The right form, with the user's own names where it is only the outer brackets that are missing."""
    single = re.fullmatch(r"\[[^\[\],]+,[^\[\],]*\]|\{[^{}:,]+:[^{}:,]*\}", value.strip())
    right = f"[[{value.strip()[1:-1].replace(':', ',')}]]" if single else "[[dog,cat],[apple,pear]]"
    return UserError(
        f"Bad value for 'concepts.pairs': got {value!r}, expected a list of [target,anchor]: "
        f"write 'concepts.pairs={right}'."
    )


def _wrong_key(link: OmegaConfBaseException, error: BaseException, overrides: Sequence[str]) -> UserError:
    key = str(link.full_key or link.key)
    for override in overrides:  # Hydra names only the last part where the override was to a nested key
        name = override.partition("=")[0].lstrip("+~")
        if name == key or name.endswith("." + key):
            key = name
    is_typed = isinstance(link.object_type, type)
    return unknown_key(key, getattr(link.object_type, "__dataclass_fields__", ()) if is_typed else ())


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__
