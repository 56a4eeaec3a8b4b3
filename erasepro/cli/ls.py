"""What ``erasepro ls`` shows: every name a config can use, with one line about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from erasepro.config.paths import config_dir, options
from erasepro.errors import UserError, unknown, visible
from erasepro.registry import BROKEN
from erasepro.runtime.terminal import definition_list, terminal_width, wrapped


@dataclass(frozen=True)
class Section:
    """Names of one kind with a line about each."""

    rows: Mapping[str, str]
    title: str = ""
    """What the names are, and how the command takes them; "" where the list needs none."""


def describe(kind: str) -> dict[str, str]:
    """Names of a kind (a key of ``LISTINGS``) with one line about each."""
    return {name: text for section in LISTINGS[kind]() for name, text in section.rows.items()}


def _solvers() -> list[Section]:
    from erasepro.solvers import SOLVERS

    methods = SOLVERS.describe()
    presets = {name: _first_line(_file("solver", name)) for name in options("solver") if name not in methods}
    return [
        Section(methods, "Methods, with the settings of their papers (solver=NAME):"),
        Section(presets, "Presets, which are methods with other settings (solver=NAME too):"),
    ]


def _metrics() -> list[Section]:
    from erasepro.metrics import METRICS

    needs = {True: "Needs a judge.", False: "Needs no judge."}
    asks = {name: METRICS.attribute(name, "needs_judge") for name in METRICS.names()}
    return [Section({name: f"{text} {needs.get(asks[name], '')}".rstrip() for name, text in METRICS.describe().items()})]


def _trackers() -> list[Section]:
    from erasepro.tracking import TRACKERS

    return [Section(TRACKERS.describe())]


def _models() -> list[Section]:
    def about(path: Path) -> str:
        node = _read(path)
        return comment(path) or f"{node.get('kind', '')} {node.get('source', '')}".strip()

    return [Section({name: about(_file("model", name)) for name in options("model")})]


def _concepts() -> list[Section]:
    def about(path: Path) -> str:
        node = _read(path)
        pairs = [f"{target} -> {anchor or '(empty)'}" for target, anchor in node.get("pairs", [])]
        shown = ", ".join(pairs[:3]) + (f" … ({len(pairs)})" if len(pairs) > 3 else "")
        return f"{node.get('kind', '?')}: {shown}"

    rows = {name: about(_file("concepts", name)) for name in options("concepts")}
    ours = {name: text for name, text in rows.items() if name.startswith("mini/")}
    return [
        Section({name: text for name, text in rows.items() if name not in ours}, "Sets for real models (concepts=NAME):"),
        Section(ours, "Sets for the miniature; its single concepts, for concepts.pairs: erasepro ls vocabulary"),
    ]


def _vocabulary() -> list[Section]:
    from erasepro.concepts.miniature.names import GROUPS, STYLES, SYNONYMS

    words: dict[str, list[str]] = {}
    for word, name in SYNONYMS.items():
        words.setdefault(name, []).append(word)
    named = {
        group: ", ".join(f"{name} ({', '.join(words[name])})" if name in words else name for name in names)
        for group, names in GROUPS.items()
    }
    count = sum(map(len, GROUPS.values()))
    return [
        Section(named, f"The {count} concepts that the miniature draws, for concepts.pairs; in brackets another word for one:"),
        Section({"style": ", ".join(STYLES)}, f"Its {len(STYLES)} drawing styles, for pairs with concepts.kind=style:"),
    ]


def _prompts() -> list[Section]:
    descriptions = {}
    for name in options("prompts"):
        node = _read(_file("prompts", name))
        shared = [base.partition("@")[0] for base in node.get("defaults", []) if "@" in base]
        keys = {k: v for base in shared for k, v in _read(_file("prompts", base)).items()} | node[name]
        rows = f", {keys['rows']:,} rows" if "rows" in keys else ""
        sensitive = ", sensitive" if keys.get("sensitive") else ""
        first = comment(_file("prompts", name)).partition(" · ")[0]
        descriptions[name] = f"[{keys.get('licence', 'not stated')}{rows}{sensitive}] {first}"
    return [Section(descriptions)]


def _comments(group: str) -> Callable[[], list[Section]]:
    return lambda: [Section({name: comment(_file(group, name)) for name in options(group)})]


def _first_lines(group: str) -> Callable[[], list[Section]]:
    return lambda: [Section({name: _first_line(_file(group, name)) for name in options(group)})]


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


def _first_line(path: Path) -> str:
    """The first comment line of a yaml file."""
    return comment(path).partition(" · ")[0]


def _protocols() -> list[Section]:
    descriptions = {}
    for name in options("protocol"):
        node = _read(_file("protocol", name))
        fixed = [f"{key}={_as_word(value)}" for key, value in node.get("fixes", {}).items()]
        fixed += [f"{key}=(yours: {what})" for key, what in node.get("requires", {}).items()]
        label = f"[{node['name']}/{node.get('version', 1)}]"
        descriptions[name] = f"{label} {comment(_file('protocol', name))} · fixes {', '.join(fixed) or 'nothing'}"
    return [Section(descriptions)]


def _as_word(value: Any) -> str:
    """A value as the command takes it."""
    if isinstance(value, list):
        return f"[{','.join(map(_as_word, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


LISTINGS: dict[str, Callable[[], list[Section]]] = {
    "solvers": _solvers,
    "concepts": _concepts,
    "vocabulary": _vocabulary,
    "models": _models,
    "metrics": _metrics,
    "prompts": _prompts,
    "schedules": _comments("schedule"),
    "experiments": _comments("experiments"),
    "trackers": _trackers,
    "protocols": _protocols,
    "generation": _first_lines("generation"),
    "templates": _first_lines("templates"),
    "debug": _first_lines("debug"),
}


def runnable(rows: Mapping[str, str]) -> dict[str, str]:
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
    sections = [replace(section, rows=runnable(section.rows)) for section in LISTINGS[words[0]]()]
    print("\n\n".join(filter(None, map(_text, sections))))
    return 0


def _text(section: Section) -> str:
    """A section as wide as the terminal; "" for one without names."""
    width = terminal_width()
    head = f"{wrapped(section.title, width)}\n\n" if section.title else ""
    return f"{head}{definition_list(section.rows, width)}" if section.rows else ""
