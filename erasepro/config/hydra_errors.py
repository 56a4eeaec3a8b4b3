"""Hydra's and omegaconf's exceptions as one line each: the key, the bad value, what is allowed, the nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

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
from erasepro.config.paths import choices, groups, listing, options
from erasepro.config.quoting import as_word, readable
from erasepro.config.registered_names import registered_names
from erasepro.config.renamed_config_keys import rename_value
from erasepro.config.schema import Config
from erasepro.config.unknown_keys import unknown_key
from erasepro.config.yaml_files import first_line, unreadable_file
from erasepro.errors import UserError, begun, nearest

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
EMPTY_ANCHOR = r"(?<=[^\]\s,\[]),\s*\]"  # the end of "[dog,]"


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
            return _missing_option(link, overrides)
        if isinstance(link, OverrideParseException):
            key, _, value = (link.override or "").partition("=")
            dict_of_one = re.fullmatch(r"\{([^{}:,]+):([^{}:,]*)\}", value) if key == "concepts.pairs" else None
            quoted = readable(key, f"[[{dict_of_one[1]},{dict_of_one[2]}]]" if dict_of_one else value)
            if quoted is not None:
                return UserError(
                    f"Cannot read the override {link.override!r}: Hydra takes some letters only in quotes of its own, "
                    f"inside the shell's: write {as_word(key, quoted)}."
                )
            filled = re.sub(EMPTY_ANCHOR, ",'']", value)
            if key == "concepts.pairs" and value.startswith("[[") and filled != value:
                return UserError(
                    f"Cannot read the override {link.override!r}: an empty anchor is written as two quotes, "
                    f"{as_word(key, filled)}."
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
        return _several_values(first_line(str(error)), overrides)
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
            return _wrong_group(key, overrides) or unknown_key(key, overrides=overrides)
    return UserError(f"The config does not compose: {first_line(str(error))}.")


def _several_values(reason: str, overrides: Sequence[str]) -> UserError:
    """Several values without -m, and where the key takes a list, the list."""
    word = next((word for word in overrides if word in reason), "")
    key, _, value = word.partition("=")
    names_metrics = key == "metrics" and all(name in registered_names(key) for name in value.split(","))
    if names_metrics or str(expected_at(Config, key)).startswith("a list"):
        return UserError(f"{reason}: for a list, write {as_word(key, f'[{value}]')}.")
    several = f", or for all in one run write {as_word(key, f'[{value}]')}" if key == "prompts" else ""
    return UserError(f"{reason}: add -m to run one job for each value{several}.")


def _missing_option(error: MissingConfigException, overrides: Sequence[str]) -> UserError:
    group, _, name = (error.missing_cfg_file or "").lstrip("/").partition("/")
    if group not in groups():
        return UserError(f"No config named {error.missing_cfg_file!r}. Groups: {', '.join(groups())}.")
    if group == "prompts" and Path(name).expanduser().is_file():
        return _file_of_prompts(name, overrides)
    known = options(group)
    shown = ", ".join(known[:25]) + (f" … ({len(known)} in all, see `{listing(group)}`)" if len(known) > 25 else "")
    fitting = _fitting_sets(known, overrides) if group == "concepts" else known
    guess = nearest(name, fitting) or nearest(name, [k.rpartition("/")[2] for k in fitting])
    guess = next((k for k in fitting if guess and (k == guess or k.endswith("/" + guess))), None)
    guess = rename_value(group, name) if rename_value(group, name) != name else guess
    in_list = any(word.lstrip("+").startswith(f"{group}=[") for word in overrides)
    metric = _metric_meant(name, guess) if group == "metrics" else None
    metrics = begun(name, [*registered_names("metrics"), *known]) if metric and metric != name else []
    if metrics and not set(metrics) & set(known):
        hint = f" Did you mean {' or '.join(f'metrics=[{known_metric}]' for known_metric in metrics)}?"
    elif metric == name:
        hint = f" A metric by its name is metrics=[{name}]."
    elif metric:
        hint = f" Did you mean metrics=[{metric}]?"
    elif guess and in_list:
        hint = f" Did you mean {guess!r}?"
    else:
        hint = f" Did you mean {group}={guess}?" if guess else ""
    if group == "concepts" and not guess:
        hint = " Pairs of your own: 'concepts.pairs=[[dog,cat]]'."
    pasted = (name, guess) if guess and in_list else None
    return UserError(f"Unknown {group} {name!r}.{hint} Known: {shown or 'none'}.", pasted)


def _file_of_prompts(file: str, overrides: Sequence[str]) -> UserError:
    """The words that read a file of one's own, where its name stands in a set's place."""
    value = next((word.partition("=")[2] for word in reversed(overrides) if word.lstrip("+").startswith("prompts=[")), "")
    right = as_word("prompts", value.replace(file, "custom") if file in value else "custom")
    setting = as_word("prompts.custom.file", readable("prompts.custom.file", file) or file)
    return UserError(f"Unknown prompts {file!r}: it is a file, and a set is named here. Write {right} {setting}.")


def _metric_meant(name: str, option: str | None) -> str | None:
    """The metric that is meant where an option of ``metrics`` should stand; None where the option is nearer."""
    metrics = registered_names("metrics")
    near = nearest(name, [*metrics, *([option] if option else [])])
    return near if near in metrics else None


def _fitting_sets(sets: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """The concept sets of the model that was chosen: the miniature's are its own."""
    models = [word.partition("=")[2] for word in overrides if word.lstrip("+").startswith("model=")]
    is_small = not models or models[-1] == "miniature"
    return [name for name in sets if name.startswith("mini/") == is_small]


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
    is_item = value is not None and str(expected).startswith("a list of") and re.fullmatch(r"[\w/.+-]+", value)
    right = f": write {as_word(key, f'[{value}]')}" if is_item and value not in ("null", "true", "false") else ""
    got = f"got {value!r}, " if value is not None else ""
    return UserError(f"Bad value for {key!r}: {got}expected {expected}{right}.")


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
        expected = (expected or "its keys one by one") + ("" if "null" in (expected or "") else "; null is not allowed")
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
    return unknown_key(key, getattr(link.object_type, "__dataclass_fields__", ()) if is_typed else (), overrides)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__
