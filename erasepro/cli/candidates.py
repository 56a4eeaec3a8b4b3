"""What the word at the cursor can be: verbs, options, groups and their options, keys. No large library is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from erasepro.cli.options import CONFIG_PARTS, FLAGS
from erasepro.cli.verb_help import VERB_HELP
from erasepro.config.paths import LISTED, LISTS, config_dir, groups
from erasepro.config.registered_names import PACKAGES
from erasepro.runtime.registrations import index
from erasepro.runtime.source_fields import dotted_fields, field_names, registered_config

SCHEMA = "erasepro.config.schema"
TAKES_FOLDER = ("score", "rerun", "status", "report", "grid", "verify", "export")
"""Verbs whose first words are runs' folders."""
TAKES_OVERRIDES = ("edit", "score", "rerun", "tune", "verify")
"""Verbs that take config keys too."""


def candidates(words: Sequence[str]) -> list[str]:
    """The words that the last of ``words`` can become, itself unfinished; keys end with ``=``.

    Args:
        words: those of the command behind ``erasepro``, up to the cursor.
    """
    *before, current = words or [""]
    verb = before[0] if before and before[0] in VERB_HELP else ""
    last = before[-1] if before else ""
    if last in ("--cfg", "-c") and not current.startswith("-") and "=" not in current:
        return _starting(current, [*CONFIG_PARTS, *_keys(before, current)])
    if current.startswith("-"):
        return _starting(current, [*FLAGS, "-m"]) if not verb or verb == "rerun" else []
    if "=" in current and not _is_own(verb, current):
        return _values(current)
    if verb:
        return _starting(current, _words_of(verb, before, current))
    if last == "--config":
        return []  # a file: the shell's own
    return _starting(current, [*([] if before else VERB_HELP), *_keys(before, current)])


def _words_of(verb: str, before: Sequence[str], current: str) -> list[str]:
    """What a verb's next word can be."""
    if verb == "ls":
        return [LISTS.get(group, group) for group in LISTED] if len(before) == 1 else []
    if verb == "help":
        return list(VERB_HELP) if len(before) == 1 else []
    if verb == "completion":
        return ["bash", "zsh", "fish"] if len(before) == 1 else []
    own = [word for word, _, _ in VERB_HELP[verb].words if "=" in word]
    choices = {word.partition("=")[0] + "=": word.partition("=")[2] for word in own if "KEY" not in word}
    if verb == "export" and current.startswith("format="):
        return [f"format={name}" for name in ("lora", "kohya", "diffusers", "single_file")]
    if verb == "report" and current.startswith("format="):
        return [f"format={name}" for name in ("text", "markdown", "html", "latex", "csv")]
    words = [f"{key}true" if value == "true" else key for key, value in choices.items() if key not in ("group=", "key=")]
    words += _runs() if verb in TAKES_FOLDER else []
    return [*words, *(_keys(before, current) if verb in TAKES_OVERRIDES else [])]


def _is_own(verb: str, word: str) -> bool:
    """Whether a word with ``=`` is a verb's own, and no override."""
    return verb in ("export", "report") or (bool(verb) and word.partition("=")[0] in ("out", "force", "write", "figure"))


def _runs() -> list[str]:
    """The runs' folders in ``outputs``."""
    return sorted(str(file.parent) for file in Path("outputs").glob("*/config.yaml"))


def _keys(before: Sequence[str], current: str) -> list[str]:
    """Groups with their options to come, and keys: of a group once its name and a dot stand there."""
    group, dot, _ = current.partition(".")
    if not dot:
        top = [name for name, kind in field_names(SCHEMA, "Config").items() if kind in ("int", "float", "str", "bool")]
        inner = [f"{name}." for name, kind in field_names(SCHEMA, "Config").items() if kind.endswith("Config")]
        return [*(f"{name}=" for name in groups()), *(f"{name}=" for name in top), *inner, "solver.", "schedule."]
    return [f"{key}=" for key in _keys_under(group, before, current)]


def _keys_under(group: str, before: Sequence[str], current: str) -> Iterable[str]:
    """The dotted keys of a group; of the solver that was chosen, of a metric once it is named, of the prompt sets chosen."""
    if group == "solver":
        return [f"solver.{key}" for key in _registered_keys("solver", _chosen_solver(before)) if key != "name"]
    if group == "schedule":
        return [f"schedule.{key}" for key in dotted_fields("erasepro.schedules.config", "ScheduleConfig")]
    if group == "prompts":
        sets = re.findall(r"[\w/]+", _chosen(before, "prompts") or "templates")
        keys = dotted_fields("erasepro.config.prompt_sets", "PromptSetConfig")
        return [f"prompts.{name}.{key}" for name in sets for key in keys]
    if current.startswith("metrics.params."):
        name = current.split(".")[2]
        known = index(PACKAGES["metrics"], PACKAGES["metrics"])
        if name not in known:
            return [f"metrics.params.{metric}.{key}" for metric in known for key in _registered_keys("metrics", metric)]
        return [f"metrics.params.{name}.{key}" for key in _registered_keys("metrics", name)]
    kind = field_names(SCHEMA, "Config").get(group, "")
    return [f"{group}.{key}" for key in dotted_fields(SCHEMA, kind)] if kind.isidentifier() else []


def _registered_keys(group: str, name: str) -> list[str]:
    """The keys of a solver or a metric, of the dataclass that it is registered with."""
    place = index(PACKAGES[group], PACKAGES[group]).get(name)
    config = registered_config(place.module, place.symbol) if place is not None and not place.problem else ""
    return dotted_fields(place.module, config) if place is not None and config else []


def _chosen_solver(before: Sequence[str]) -> str:
    """The registered name of the solver that was chosen: a preset's file says whose it is."""
    option = _chosen(before, "solver") or "erasepro"
    try:
        text = (config_dir() / "solver" / f"{option}.yaml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return option
    match = re.search(r"^name: *(\w+)", text, re.MULTILINE)
    return match.group(1) if match else option


def _chosen(before: Sequence[str], group: str) -> str:
    """What the last word for a group says, the first of several values."""
    words = [word.partition("=")[2] for word in before if word.startswith(f"{group}=")]
    return (words[-1] if words[-1].startswith("[") else words[-1].split(",")[0]) if words else ""


def _values(current: str) -> list[str]:
    """The values of a group; of several with commas, and inside brackets, the last one is completed."""
    key, _, value = current.partition("=")
    done, part = re.fullmatch(r"(.*[\[,])?([^\[,]*)", value, re.DOTALL).groups("")  # type: ignore[union-attr]
    names = list(groups().get(key, ()))
    if (key == "metrics" and value.startswith("[")) or key == "metrics.names":
        names = sorted(index(PACKAGES["metrics"], PACKAGES["metrics"]))
    if not names and _type_of(key) in ("bool", "bool | None"):
        names = ["true", "false"]
    return [f"{key}={done}{name}" for name in names if name.startswith(part)]


def _type_of(key: str) -> str:
    """The text of a shared key's type; "" for another's."""
    kind, fields = "", field_names(SCHEMA, "Config")
    for part in key.split("."):
        kind = fields.get(part, "")
        fields = field_names(SCHEMA, kind) if kind.isidentifier() else {}
    return kind


def _starting(start: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(start)]
