"""What ``erasepro ls`` shows: every name a config can use, with one line about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from erasepro.config.paths import config_dir, options
from erasepro.errors import UserError, unknown, visible
from erasepro.registry import BROKEN


def describe(kind: str) -> dict[str, str]:
    """Names of a kind (a key of ``LISTINGS``) with one line about each."""
    return LISTINGS[kind]()


def _solvers() -> dict[str, str]:
    from erasepro.solvers import SOLVERS

    known = SOLVERS.describe()
    return known | {name: comment(_file("solver", name)) for name in options("solver") if name not in known}


def _metrics() -> dict[str, str]:
    from erasepro.metrics import METRICS

    needs = {True: "Needs a judge.", False: "Needs no judge."}
    asks = {name: METRICS.attribute(name, "needs_judge") for name in METRICS.names()}
    return {name: f"{text} {needs.get(asks[name], '')}".rstrip() for name, text in METRICS.describe().items()}


def _trackers() -> dict[str, str]:
    from erasepro.tracking import TRACKERS

    return TRACKERS.describe()


def _models() -> dict[str, str]:
    def about(path: Path) -> str:
        node = _read(path)
        return comment(path) or f"{node.get('kind', '')} {node.get('source', '')}".strip()

    return {name: about(_file("model", name)) for name in options("model")}


def _concepts() -> dict[str, str]:
    def about(path: Path) -> str:
        node = _read(path)
        pairs = [f"{target} -> {anchor or '(empty)'}" for target, anchor in node.get("pairs", [])]
        shown = ", ".join(pairs[:3]) + (f" … ({len(pairs)})" if len(pairs) > 3 else "")
        return f"{node.get('kind', '?')}: {shown}"

    where = {True: "[miniature]", False: "[real models]"}
    names = options("concepts")
    return {name: f"{where[name.startswith('mini/')]:<13} {about(_file('concepts', name))}" for name in names}


def _prompts() -> dict[str, str]:
    descriptions = {}
    for name in options("prompts"):
        node = _read(_file("prompts", name))
        shared = [base.partition("@")[0] for base in node.get("defaults", []) if "@" in base]
        keys = {k: v for base in shared for k, v in _read(_file("prompts", base)).items()} | node[name]
        rows = f", {keys['rows']:,} rows" if "rows" in keys else ""
        sensitive = ", sensitive" if keys.get("sensitive") else ""
        first = comment(_file("prompts", name)).partition(" · ")[0]
        descriptions[name] = f"[{keys.get('licence', 'not stated')}{rows}{sensitive}] {first}"
    return descriptions


def _comments(group: str) -> Callable[[], dict[str, str]]:
    return lambda: {name: comment(_file(group, name)) for name in options(group)}


def _file(group: str, name: str) -> Path:
    conf = config_dir()
    return (conf.parent if group == "experiments" else conf) / group / f"{name}.yaml"


def _read(path: Path) -> dict[str, Any]:
    content = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def comment(path: Path) -> str:
    """The comment lines at the top of a yaml file, joined (``@package`` lines left out)."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if "@package" not in line:
            lines.append(line.lstrip("# ").strip())
    return " · ".join(lines)


def _protocols() -> dict[str, str]:
    descriptions = {}
    for name in options("protocol"):
        node = _read(_file("protocol", name))
        fixed = [f"{key}={_as_word(value)}" for key, value in node.get("fixes", {}).items()]
        fixed += [f"{key}=(yours: {what})" for key, what in node.get("requires", {}).items()]
        label = f"[{node['name']}/{node.get('version', 1)}]"
        descriptions[name] = f"{label} {comment(_file('protocol', name))} · fixes {', '.join(fixed) or 'nothing'}"
    return descriptions


def _as_word(value: Any) -> str:
    """A value as the command takes it."""
    if isinstance(value, list):
        return f"[{','.join(map(_as_word, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


LISTINGS: dict[str, Callable[[], dict[str, str]]] = {
    "solvers": _solvers,
    "concepts": _concepts,
    "models": _models,
    "metrics": _metrics,
    "prompts": _prompts,
    "schedules": _comments("schedule"),
    "experiments": _comments("experiments"),
    "trackers": _trackers,
    "protocols": _protocols,
}


def runnable(rows: dict[str, str]) -> dict[str, str]:
    """The names that can be run; of each other one, a line on stderr says why it cannot."""
    for name, text in rows.items():
        if text.startswith(BROKEN):
            print(f"erasepro: not listed: {name} cannot be run: {visible(text.removeprefix(BROKEN))}", file=sys.stderr)
    return {name: text for name, text in rows.items() if not text.startswith(BROKEN)}


def command(words: list[str]) -> int:
    """``erasepro ls solvers|concepts|…``: names with one line about each; without a word, what can be listed."""
    if not words:
        print("\n".join(f"erasepro ls {kind}" for kind in LISTINGS))
        return 0
    if len(words) != 1:
        raise UserError(f"ls takes one word: erasepro ls {'|'.join(LISTINGS)}.")
    if words[0] not in LISTINGS:
        raise unknown("list", words[0], LISTINGS)
    rows = runnable(describe(words[0]))
    width = max((len(name) for name in rows), default=0)
    for name, text in rows.items():
        print(f"{name:<{width}}  {text}".rstrip())
    return 0
