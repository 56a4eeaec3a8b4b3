"""What stands on the command line of a run beside its overrides: ``-m``, ``--cfg``, ``--config``, ``--dry-run``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from erasepro.errors import UserError, nearest

CONFIG_PARTS = ("job", "hydra", "all")
"""What ``--cfg`` can print: the run's config, Hydra's own part, or both."""
SHORT = {"-m": "--multirun", "-c": "--cfg"}
FLAGS = ("--cfg", "--config", "--dry-run", "--help", "--multirun", "--version")


@dataclass(frozen=True)
class Options:
    """The words of a run's command, sorted."""

    overrides: list[str] = field(default_factory=list)
    """``key=value`` words, in their order."""
    multirun: bool = False
    shown: str = ""
    """Which part of the config is printed instead of running (`CONFIG_PARTS`); "" for none."""
    dry: bool = False
    """Whether the plan is printed instead of running."""
    config: Path | None = None
    """A stored config that the overrides change; None: the configs of ``conf/``."""


def read_options(words: Sequence[str]) -> Options:
    """The words of a run's command, sorted. Raises UserError for an unknown flag, and for flags that exclude each other."""
    overrides: list[str] = []
    given: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            overrides.append(word)
            continue
        flag, sign, value = word.partition("=")
        flag = SHORT.get(flag, flag)
        if flag not in FLAGS or (sign and flag not in ("--cfg", "--config")):
            raise _unknown_flag(flag)
        if flag == "--cfg" and not sign:
            value = rest.pop(0) if rest and rest[0] in CONFIG_PARTS else "job"
        if flag == "--config" and not sign:
            value = rest.pop(0) if rest and not rest[0].startswith("-") else ""
        if flag in given and given[flag] != value:
            raise UserError(f"{flag} is given twice, {given[flag]!r} and {value!r}: keep one of them.")
        given[flag] = value
    options = Options(
        overrides, "--multirun" in given, given.get("--cfg", ""), "--dry-run" in given,
        Path(given["--config"]).expanduser() if "--config" in given else None,
    )  # fmt: skip
    _check(options, given)
    return options


def _check(options: Options, given: dict[str, str]) -> None:
    if options.shown and options.shown not in CONFIG_PARTS:
        raise UserError(f"Bad value for --cfg: got {options.shown!r}, allowed: {', '.join(CONFIG_PARTS)}.")
    if "--config" in given and not given["--config"].strip():
        raise UserError("--config takes a run's stored config: erasepro --config outputs/RUN/config.yaml [key=value] ….")
    if options.shown and options.dry:
        raise UserError("--cfg prints the config and --dry-run the plan: give one of them.")
    if options.config is not None and options.multirun:
        raise UserError("--config describes one run, and -m makes several: leave one of them out.")


def _unknown_flag(flag: str) -> UserError:
    guess = nearest(flag, FLAGS)
    hint = f" Did you mean {guess!r}?" if guess else ""
    return UserError(f"Unknown option {flag!r}.{hint} Known: {', '.join(FLAGS)}; -m is --multirun, -c is --cfg.")
