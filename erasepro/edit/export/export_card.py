"""The model card of an export: the edit's own, with how to load all of it and what was lost on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from erasepro.edit.card import card
from erasepro.edit.export.loaders import is_text
from erasepro.edit.export.result import Exported, strength_warning
from erasepro.runtime.foreign_text import code_span, escape_markdown

if TYPE_CHECKING:
    from erasepro.edit import Edit

CARD, OTHER_CARD = "README.md", "ERASEPRO.md"
"""A folder's card, and what it is called beside the base model's own README.md."""


def card_path(done: Exported) -> Path:
    """Where the card of an export goes: into its folder, or beside its file (dog.safetensors → dog.md)."""
    if not done.path.is_dir():
        return done.path.with_suffix(".md")
    return done.path / (OTHER_CARD if (done.path / CARD).exists() else CARD)


def export_card(edit: Edit, done: Exported) -> str:
    """The card's Markdown."""
    rows = [f"| {part} | {'text encoder' if is_text(part) else 'denoiser'} | {number} |" for part, number in done.parts.items()]
    lines = [
        f"## Load all of it ({done.format})\n",
        f"{escape_markdown(done.reader)}\n",
        "| part | what | weights changed |",
        "|---|---|---:|",
        *rows,
        "",
        *_example(done),
        f"Against the edit: {escape_markdown(done.losses)}.\n",
    ]
    if done.loss and edit.residuals:
        lines.append("The residuals above are the edit's: what was cut moves this file's, and they were not measured.\n")
    if done.ranks:
        name = _without_ticks(done.path.name)
        lines.append(f"`erasepro verify {name} model=NAME` says how much of the edit a file carries.\n")
        lines.append(f"{strength_warning(edit.strength)}\n")
    return card(edit, "\n".join(lines))


def _example(done: Exported) -> list[str]:
    name = json.dumps(done.path.name)
    if done.format == "kohya":
        workflow = code_span(done.beside[0][0].name)
        return [
            f"Put the file into ComfyUI's `models/loras`, drop {workflow} into the window, and choose your checkpoint in it.\n"
        ]
    code = {
        "lora": [f"pipe.load_lora_weights({name})"] if done.path.suffix != ".safetensors"
        else [f'pipe.load_lora_weights("FOLDER", weight_name={name})'],
        "diffusers": [f"pipe = DiffusionPipeline.from_pretrained({name})"],
        "single_file": [f"pipe = StableDiffusionPipeline.from_single_file({name})  # or StableDiffusionXLPipeline"],
    }[done.format]  # fmt: skip
    return ["```python", *code, "```\n"]


def _without_ticks(name: str) -> str:
    return name.replace("`", "'")
