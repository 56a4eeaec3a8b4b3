"""The project's yaml files: how one is read, and which of them cannot be, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from erasepro.config.paths import config_dir
from erasepro.errors import UserError


def unreadable_file() -> UserError | None:
    """The first yaml file of ``conf/`` and ``experiments/`` that holds no YAML mapping, in one line; None where all do."""
    root = config_dir().parent
    for path in sorted(path for folder in ("conf", "experiments") for path in (root / folder).rglob("*.yaml")):
        reason = _damage(path)
        if reason:
            return UserError(
                f"The config file {path.relative_to(root).as_posix()!r} cannot be read: {reason}. Mend or remove it."
            )
    return None


def read_yaml(path: Path) -> Any:
    """The content of a yaml file: plain values only, no Python objects (SafeLoader, in C: ten times as fast).

    Raises OSError, ValueError (no UTF-8) or yaml.YAMLError.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _damage(path: Path) -> str:
    """Why a file is no YAML mapping; "" where it is one, or empty."""
    try:
        content = read_yaml(path)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return f"{error.problem or 'no YAML'}" + (f" in line {mark.line + 1}" if mark is not None else "")
    except (OSError, ValueError, yaml.YAMLError) as error:
        return first_line(str(error))
    return "" if content is None or isinstance(content, dict) else "it must hold keys and values (key: value)"


def first_line(text: str) -> str:
    """The first line of an error's text without its full stop, to stand inside a sentence."""
    lines = text.strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else "no reason given"
