"""What a prompt set is made of: the dataclasses behind ``conf/prompts``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

PROMPT_SET_KINDS = ("templates", "file", "names")
SET_ROLES = ("target", "retain", "by_concept")
ROW_SETTINGS = ("seed", "guidance", "steps", "size")
"""Settings that a row may bring along."""
ROW_SETTING_COLUMNS = {"seed": "seed", "guidance": "guidance", "steps": "steps", "width": "size", "height": "size"}
"""Fields of `Columns` that hold such a setting, and which."""


@dataclass
class Columns:
    """Which column of the file holds what; null: none does."""

    prompt: str | None = "prompt"
    id: str | None = None  # unique; null: the row's number in the file, from 0
    seed: str | None = None
    guidance: str | None = None
    steps: str | None = None
    width: str | None = None  # pixels
    height: str | None = None
    concept: str | None = None  # what the prompt asks for; the names of a set of kind names
    label: str | None = None  # what is drawn, where that is not the concept (a style's subject)


@dataclass
class Filter:
    """A row is used where ``column op value`` holds: ``{column: nudity_percentage, op: ">", value: 0}``.

    op: == | != | < | <= | > | >= | in (value: a list) | has (the cell is a list with commas that holds the value). A
    number compares as a number, a text as a text; an empty cell meets no filter.
    """

    column: str = MISSING
    op: str = MISSING
    value: Any = None


@dataclass
class PromptSetConfig:
    """One prompt set. ``file`` (local) goes before ``source`` (a public dataset)."""

    kind: str = "file"  # templates (the project's own) | file (a prompt a row) | names (each name in each template)
    source: str | None = None  # id of a dataset on the hub
    source_file: str | None = None  # the file inside it
    revision: str | None = None
    file: str | None = None  # local .csv, .tsv, .jsonl, .parquet, or .txt with a prompt (a name) a line
    columns: Columns = field(default_factory=Columns)
    by_name: bool = (
        False  # settings without a column take one that is called like them, where there is one (column_names.py)
    )
    where: list[Filter] = field(default_factory=list)  # all must hold
    use_row_settings: list[str] = field(
        default_factory=lambda: list(ROW_SETTINGS)
    )  # a row's own settings that are used; the rest: the run's
    role: str = (
        "target"  # target | retain | by_concept (target where the concept is erased or none is named, else retain)
    )
    concept: str | None = None  # of every row; null: the column's, else what the run erases
    names: list[str] = field(default_factory=list)  # kind names: in place of a file
    templates: list[str] = field(default_factory=list)  # kind names: sentences with {n}
    phrasings: list[str] = field(default_factory=list)  # kind templates: plain, complex, paraphrase; []: all
    rows: int | None = None  # rows that meet the filters in the published set
    max_rows: int | None = None  # so many of them, the same in every run; null: all
    licence: str = "not stated"
    sensitive: bool = False  # the images are blurred and stay here
    notes: str = ""
