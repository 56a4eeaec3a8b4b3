"""What public prompt files call their columns, and which columns of a file are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from erasepro.config.prompt_sets import ROW_SETTING_COLUMNS, PromptSetConfig
from erasepro.prompts.sets.read import LINE, Record, Table

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "text", "caption", "adv_prompt", "sensitive prompt"),
    "id": ("id", "case_number", "image_id"),
    "seed": ("seed", "evaluation_seed", "sd_seed"),
    "guidance": ("guidance", "guidance_scale", "evaluation_guidance", "sd_guidance_scale"),
    "steps": ("steps", "num_inference_steps"),
    "width": ("width", "sd_image_width", "image_width"),
    "height": ("height", "sd_image_height", "image_height"),
    "concept": ("concept", "class", "artist", "name", "label_str", "type"),
}
"""Field of `Columns` → its names in the files that papers on erasing share, the first that a file has is read.

I2P has ``sd_seed`` on the hub and ``evaluation_seed`` in the code of ESD, UCE, MACE and SAFREE; COCO's 30,000 captions have
``image_id`` in ESD's code and ``case_number`` elsewhere; SPEED writes ``text`` and ``concept``; lists of classes and artists
``class``, ``artist``, ``type`` or ``label_str``.
"""

BY_NAME = ("seed", "guidance", "steps", "width", "height", "concept")
"""Fields that ``by_name`` looks for where the config names no column."""

LABELS = (*COLUMN_NAMES["concept"], "label", "class_name")
"""Columns that look like labels: one that is not read is said."""


@dataclass(frozen=True)
class ReadColumns:
    """Which columns of a file are read as what, and why."""

    of: dict[str, str]
    """Field of `Columns` → column."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Column that the config names and the file lacks → the known other name of it that is read in its place."""
    by_name: tuple[str, ...] = ()
    """Columns that no config names, read because of what they are called."""
    unused_labels: tuple[str, ...] = ()
    """Columns that look like labels, and that nothing reads."""


def read_columns(cfg: PromptSetConfig, table: Table) -> ReadColumns:
    """The columns of a file that a set reads.

    A column that the config names and the file lacks stands in ``of`` under the config's name, unless the file has another
    known name of it (`COLUMN_NAMES`); repeated ids are no ids, and the rows are numbered.
    """
    if table.columns == (LINE,):
        return ReadColumns({"concept" if cfg.kind == "names" else "prompt": LINE})
    there = [column for column in table.columns if column]
    named = {key: getattr(cfg.columns, key) for key in cfg.columns.__dataclass_fields__}
    columns = {key: column for key, column in named.items() if column is not None and is_used(key, cfg)}
    renamed = {}
    for key, column in list(columns.items()):
        other = other_name(key, column, there)
        if other is None:
            continue
        if key == "id" and _repeats(other, table.records):
            del columns[key]
            renamed[column] = f"row numbers ({other} repeats)"
            continue
        columns[key] = renamed[column] = other
    by_name = {}
    for key in BY_NAME if cfg.by_name else ():
        first = next((name for name in COLUMN_NAMES[key] if name in there and name not in columns.values()), None)
        if named[key] is None and first is not None and is_used(key, cfg):
            by_name[key] = first
    whole = columns | by_name
    read = {*whole.values(), *(rule.column for rule in cfg.where), *filter(None, named.values())}
    unused = tuple(name for name in LABELS if name in there and name not in read)
    return ReadColumns(whole, renamed, tuple(by_name.values()), unused)


def other_name(key: str, column: str, there: Iterable[str]) -> str | None:
    """The known other name under which a file has a column that it lacks; None where it has the column, or no other."""
    names, present = COLUMN_NAMES.get(key, ()), list(there)
    if column in present or column not in names:
        return None
    return next((name for name in names if name in present), None)


def is_used(field: str, cfg: PromptSetConfig) -> bool:
    """Whether anybody looks at a field: of a row's own settings those that ``use_row_settings`` lets it have."""
    return ROW_SETTING_COLUMNS.get(field) in (None, *cfg.use_row_settings)


def all_names(columns: Mapping[str, str | None], by_name: bool) -> list[str]:
    """Every column that `read_columns` might want, whatever its type, so that Parquet reads it."""
    wanted = [key for key, column in columns.items() if column is not None or by_name]
    return [name for key in wanted for name in COLUMN_NAMES.get(key, ())] + [name for name in columns.values() if name]


def _repeats(column: str, records: Iterable[Record]) -> bool:
    cells = [str(record.cells.get(column)) for record in records]
    return len(set(cells)) < len(cells)
