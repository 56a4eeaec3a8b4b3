"""A page's command as it is run here: real names in place of the page's, and small.

The rules, all of them:

- What the page leaves to the user (RUN, EDIT, FOLDER, FILE …) has a name that `material` made; `PLACES`.
- A run gets ``debug=tiny``: random weights where the page names no model; where it names one of the hub, a random model lies in
  the hub's cache in its place. What needs the miniature (``templates=known``) keeps it. Where a protocol fixes the size, it
  is that model's, ``generation.size=16``.
- ``-m`` keeps the first two values of the first key that it sweeps, and the first of the others.
- The tables of `experiments/`, hours of work, are planned, ``--dry-run``, with the first value of every key.
- A study of the package's has the last value of each axis (of its sentences and depths the first), and no metrics; the page's
  own one is run as it stands.
- A search has one set, four trials and two settings drawn.
"""

from __future__ import annotations

import json
import re
import shlex

from erasepro.cli.verbs import VERBS
from erasepro.study.study_file import load_study

TABLES = re.compile(r"experiments=(table|ablation)/")
SEARCH = [
    "sets=[mini/dev_1]", "trials=4", "pictures=2", "model=tiny", "generation.steps=1", "generation.prompts_per_concept=1",
    "generation.max_retain=2", "templates.preserve_count=20", "templates.contexts=2", "metrics.judge.kind=openai_clip",
    "metrics.judge.source=clip.safetensors",
]  # fmt: skip
FIRST = ("templates", "depth")
"""Axes of studies whose first value is taken: the other sentences are the miniature's, the tiny model has three blocks."""
RUN2 = "outputs/tiny-*hidden_state-*"
PLACES = [
    # verb ("" for a run), model where it matters, the page's word -> its real name
    ("", "", "FOLDER/config.yaml", "stored/config.yaml"),
    ("status", "", "outputs/STUDY", "outputs/own-*"),
    ("work", "", "outputs/STUDY", "outputs/own-*"),
    ("page", "", "outputs/STUDY", "outputs/own-*"),
    ("", "sd15", "model.source=FOLDER", "model.source=local sd15"),
    ("", "", "metrics.judge.source=FILE", "metrics.judge.source=clip.safetensors"),
    ("", "", "metrics.judge.source=FOLDER", "metrics.judge.source=local clip"),
    ("", "", "metrics.params.fid.reference=FOLDER", "metrics.params.fid.reference=pictures"),
    ("edit", "sdxl", "model.source=FOLDER", "model.source=local sdxl"),
    ("export", "", "base=FOLDER", "base=local sdxl"),
    ("verify", "sd15", "EDIT", "EDIT of sd15"),
    ("verify", "sd15", "edit=EDIT", "edit=EDIT of sd15"),
    ("verify", "sd15", "edited=FOLDER", "edited=edited sd15"),
    ("verify", "sd15", "FILE.safetensors", "LORA.safetensors"),
    ("verify", "miniature", "model=miniature", "model=tiny"),
]


def verb_of(words: list[str]) -> str:
    return words[0] if words and words[0] in VERBS else ""


def smaller(command: str, run: str) -> list[str]:
    """The words to run, without the leading ``erasepro``; ``run`` is the folder that the pages call outputs/RUN."""
    words = shlex.split(command)[1:]
    verb = verb_of(words)
    models = {word.partition("=")[2] for word in words if word.startswith("model=")}
    for where, model, page, real in PLACES:
        if where == verb and (not model or model in models):
            words = [real if word == page else word for word in words]
    words = [run if word == "outputs/RUN" else RUN2 if word == "outputs/RUN2" else word for word in words]
    if verb == "study" and words[1] != "own.yaml":
        return [*words, "debug=tiny", "metrics.names=[]", *one_value_an_axis(words[1])]
    if verb == "tune":
        return [*words, *SEARCH]
    if words == ["edit"]:
        return [*words, "debug=tiny"]
    if verb or any(word.startswith("--") for word in words):
        return words
    if any(TABLES.match(word) for word in words):
        return ["--dry-run", *fewer_jobs(words, most=1)]
    if "-m" in words:
        words = fewer_jobs(words, most=2)
    if "debug=tiny" not in words:
        words = [*words, "debug=tiny"]
    if "templates=known" in words:
        words = [*words, "model=miniature"]
    return [*words, "generation.size=16"] if any(word.startswith("protocol=") for word in words) else words


def one_value_an_axis(study: str) -> list[str]:
    """The words that take the last value of each axis of a study, the first of `FIRST`."""
    chosen = {axis.name: list(axis.values)[0 if axis.name in FIRST else -1] for axis in load_study(study).axes}
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in chosen.items()]


def fewer_jobs(words: list[str], most: int) -> list[str]:
    """A sweep of so many jobs at most; without a sweep, the same words."""
    few, swept = [], False
    for word in words:
        key, sign, value = word.partition("=")
        values = value.split(",") if sign and value[:1] not in ("[", "{") else [value]
        few.append(f"{key}{sign}{','.join(values[: 1 if swept else most])}")
        swept = swept or len(values) > 1
    return few
