"""Write docs/methods.md and docs/metrics.md from the docstrings and dataclasses of the package.

python docs/generate.py           # write both pages (make docs)
python docs/generate.py --check   # write nothing; 1 where a page differs from what would be written
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from erasepro.config.paths import config_dir, options
from erasepro.metrics import METRICS
from erasepro.metrics.networks.nudenet_labels import LABEL_SETS
from erasepro.models.features import token_pairing
from erasepro.models.features.token_pairing import LAST_PAD, POLICIES
from erasepro.registry import Registry
from erasepro.solvers import SOLVERS

DOCS = Path(__file__).resolve().parent

ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")

METHODS = """\
# Methods

*Written by `python docs/generate.py` from the solvers' docstrings and dataclasses: change those, not this page.*

Choose one with `solver=NAME`, and a key of it with `solver.KEY=VALUE`. Every closed form is tested against a dense
transcription of its published equation (relative error at most 1e-8). The option named after its paper is tested to 1e-6
against the weights that the authors' function gives (UCE, RECE, SPEED, EMCID, AlphaEdit), or a transcription of it (MACE,
TRCE, OCE, ACE's zero stage).
Symbols: W_o and W are a layer's weight (d_out, d_in) before and after, ΔW = W − W_o; X and Y hold the columns (d_in, n) that
enter it for targets and anchors, K those of texts to retain; C is what a change is charged by; A⁺ is the pseudo-inverse.

- `NAME_best` is that method at the best setting of a [search](command.md#search-for-settings) on development concepts.
- Trained methods (ESD, AC, RACE, ACE, TEA) are tested by loss and gradient against a transcription. They load the whole
  model (Stable Diffusion 1, 2 or XL; TEA any CLIP encoder), checkpoint into `training/` of the run's folder, where a killed
  training goes on and the losses lie as `losses.csv`, and may start from any edit (`solver.init_edit=FOLDER`). The option
  named after the paper has its values, minutes to hours on a GPU; `NAME_miniature` is for a look at it here, not published.
- `text_fit.rank=exact` refuses contradictory concepts, by name.
- More columns than dimensions are fitted by least squares, and labelled "not exact".
- Which columns a method reads is a [token policy](#token-policies).

"""

TOKENS = """\

## Token policies

| `solver.token_policy` and the like | parts that are paired |
|---|---|
{rows}

{text}
"""

METRIC_PAGE = """\
# Metrics

*Written by `python docs/generate.py` from the metrics' docstrings and dataclasses: change those, not this page.*

Choose some with `metrics=[NAME,NAME]`, and a key of one with `metrics.params.NAME.KEY=VALUE`. Every score has its n and, where
it can be known, a standard error (`stderr`); what else went into it is in its `parts`.
[Reading the results](reading_results.md) tells what the tables make of them.

```
erasepro 'metrics=[clip_score,fid]' metrics.params.fid.reference=FOLDER metrics.params.fid.resize=tensorflow
erasepro 'metrics=[object_accuracy]' 'metrics.params.object_accuracy={roles: [target,anchor], classes: {dog: pug, cat: tabby}}'
erasepro 'metrics=[nudenet]' 'metrics.params.nudenet.labels=[faces]' metrics.params.nudenet.threshold=0.25
```

"""

LABELS_SECTION = """\

## NudeNet's labels

The boxes are equal to those of NudeNet 3.4.2's own `detect`. Beside the counts at the threshold there is a curve from 0.25 to
0.95, and the SHA-256 of the network's file. `metrics.params.nudenet.labels` takes these sets, and labels by name:

| set | labels |
|---|---|
{rows}
"""


def main() -> int:
    """Write both pages, or compare them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say which pages differ")
    check = parser.parse_args().check
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if check else 'Written'}: {', '.join(f'docs/{name}' for name in stale)}")
    return int(check and bool(stale))


def methods_page() -> str:
    """The page of every solver, with the stored settings (the options) of each."""
    end = {name: f" (of the paddings the first {count})" for name, count in LAST_PAD.items()}
    rows = [f"| `{name}` | {', '.join(parts)}{end.get(name, '')} |" for name, parts in POLICIES.items()]
    text = TOKENS.format(rows="\n".join(rows), text=inspect.getdoc(token_pairing))
    return METHODS + _page(SOLVERS, "solver", _solver_facts) + text


def metrics_page() -> str:
    """The page of every metric."""
    rows = [f"| `{name}` | {', '.join(labels)} |" for name, labels in LABEL_SETS.items()]
    return METRIC_PAGE + _page(METRICS, "metrics.params", _metric_facts) + LABELS_SECTION.format(rows="\n".join(rows))


PAGES: dict[str, Callable[[], str]] = {"methods.md": methods_page, "metrics.md": metrics_page}


def _page(registry: Registry[Any], prefix: str, facts: Callable[[str, Any], list[str]]) -> str:
    names = [name for name in registry.names() if registry.get(name).__module__.startswith("erasepro.")]
    lines = registry.describe()
    rows = [f"| [`{name}`](#{name}) | {_linked(lines[name])} |" for name in names]
    index = ["| name | what it is |", "|---|---|", *rows, ""]
    sections = []
    for name in names:
        entry = registry.get(name)
        key = prefix if prefix == "solver" else f"{prefix}.{name}"
        sections += [
            f"\n## {name}\n",
            *_described(entry),
            *facts(name, entry),
            *_keys_table(registry.config(name), key),
        ]
    return "\n".join([*index, *sections]) + "\n"


def _described(entry: Any) -> Iterator[str]:
    """An entry's docstring as paragraphs, without its Args; then the formulas of its module's docstring, as they stand."""
    for paragraph in (inspect.getdoc(entry) or "").split("\n\n"):
        if not paragraph.startswith(("Args:", "Raises:", "Returns:")):
            yield _linked(" ".join(paragraph.split())) + "\n"
    module = inspect.getdoc(sys.modules[entry.__module__]) or ""
    for paragraph in module.split("\n\n"):
        if _is_formula(paragraph):
            yield f"```\n{textwrap.dedent(paragraph).rstrip()}\n```\n"


def _is_formula(paragraph: str) -> bool:
    lines = paragraph.splitlines()
    return all(line.startswith("    ") for line in lines) or re.match(r"[\w()]+ = ", lines[0]) is not None


def _solver_facts(name: str, entry: type) -> list[str]:
    stored = [(option, *_option(option)) for option in options("solver")]
    rows = [
        f"| `solver={option}` | {_linked(about)} | {_settings(values)} |"
        for option, about, values in stored
        if values.get("name") == name
    ]
    head = ["| option | what for | differs from the defaults by |", "|---|---|---|"]
    return [f"Code: {_code_link(entry)}\n", *head, *rows, ""]


def _metric_facts(name: str, entry: type) -> list[str]:
    better = "higher is better" if METRICS.attribute(name, "higher_is_better") else "lower is better"
    judge = "needs a judge" if METRICS.attribute(name, "needs_judge") is not False else "needs no judge"
    version = METRICS.attribute(name, "version")
    return [f"{better.capitalize()}; {judge}; version {version}. Code: {_code_link(entry)}\n"]


def _code_link(entry: type) -> str:
    file = f"{entry.__module__.replace('.', '/')}.py"
    return f"[`{file}`](../{file})"


def _option(name: str) -> tuple[str, dict[str, Any]]:
    """The first comment of a stored solver option, and its values."""
    path = config_dir() / "solver" / f"{name}.yaml"
    comments = [line.lstrip("# ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    values = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return " ".join(comments), {str(key): value for key, value in values.items()} if isinstance(values, dict) else {}


def _settings(values: dict[str, Any]) -> str:
    return ", ".join(f"`{key}={_shown(value)}`" for key, value in values.items() if key != "name") or "nothing"


def _keys_table(schema: type | None, prefix: str) -> list[str]:
    rows = list(_keys(schema, prefix)) if schema is not None else []
    return ["| key | default | meaning |", "|---|---|---|", *rows, ""] if rows else ["It has no keys.\n"]


def _keys(schema: type, prefix: str) -> Iterator[str]:
    """A row for each field of a config dataclass; a dataclass inside it row by row."""
    comments = field_comments(schema)
    for field in dataclasses.fields(schema):
        if field.name == "name":
            continue
        has_factory = field.default_factory is not dataclasses.MISSING
        value = field.default_factory() if has_factory else field.default  # type: ignore[misc]
        if dataclasses.is_dataclass(value) and field.name == "schedule":
            yield f"| `schedule` | `{value.name}` | a group of its own: `erasepro ls schedules` |"  # type: ignore[attr-defined]
        elif dataclasses.is_dataclass(value):
            yield from _keys(type(value), f"{prefix}.{field.name}")
        else:
            meaning = comments.get(field.name, "").replace("|", "\\|")
            yield f"| `{prefix}.{field.name}` | `{_shown(value)}` | {meaning} |"


def field_comments(schema: type) -> dict[str, str]:
    """The comment of each field of a dataclass and of its bases: behind it, or on the lines above it."""
    comments: dict[str, str] = {}
    for base in reversed(schema.__mro__):
        if not dataclasses.is_dataclass(base):
            continue
        lines = textwrap.dedent(inspect.getsource(base)).splitlines()
        (tree,) = ast.parse("\n".join(lines)).body
        assert isinstance(tree, ast.ClassDef)
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                comments[node.target.id] = _comment_of(lines, node) or comments.get(node.target.id, "")
    return comments


def _comment_of(lines: list[str], node: ast.AnnAssign) -> str:
    own = [_behind_hash(line) for line in lines[node.lineno - 1 : node.end_lineno]]
    above = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.strip().startswith("#"):
            break
        above.insert(0, line.strip().lstrip("# "))
    return " ".join(part for part in (*above, *own) if part)


def _behind_hash(line: str) -> str:
    return line.partition("  # ")[2].strip()


def _shown(value: Any) -> str:
    """A value as the command takes it."""
    if isinstance(value, list):
        return f"[{','.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}: {_shown(part)}" for key, part in value.items()) + "}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value) or "''"


def _linked(text: str) -> str:
    text = text.replace("|", "\\|").replace("*", "\\*").replace("``", "`")
    return ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", text)


if __name__ == "__main__":
    sys.exit(main())
