"""From a file's rows to prompts: filters, typed cells, ids, and no row that mentions a minor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from erasepro.concepts.pairs import ConceptSet
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.config.prompt_sets import ROW_SETTING_COLUMNS, PromptSetConfig
from erasepro.errors import UserError, unknown
from erasepro.prompts.evaluation_prompts import EvaluationPrompt, slug
from erasepro.prompts.sets.cells import name_of, number_of, text_of, whole_of
from erasepro.prompts.sets.column_names import ReadColumns, is_used, other_name, read_columns
from erasepro.prompts.sets.purpose import purpose
from erasepro.prompts.sets.read import LINE, Record, Table
from erasepro.prompts.sets.where import check_filter, meets

TYPES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "prompt": (text_of, "text"),
    "id": (name_of, "a text or a whole number"),
    "seed": (whole_of, "a whole number"),
    "guidance": (number_of, "a number"),
    "steps": (whole_of, "a whole number"),
    "width": (whole_of, "a whole number of pixels"),
    "height": (whole_of, "a whole number of pixels"),
    "concept": (name_of, "a text"),
    "label": (name_of, "a text or a whole number"),
}


@dataclass
class Chosen:
    """Prompts of a set, and how many rows were left out."""

    prompts: list[EvaluationPrompt] = field(default_factory=list)
    matching: int = 0  # rows that meet the filters, of which …
    minors: int = 0  # … so many mention a minor
    empty: int = 0  # … and so many hold no prompt
    filtered: int = 0  # rows that do not meet the filters
    columns: ReadColumns = field(default_factory=lambda: ReadColumns({}))  # what was read of the file, and why


def mapping(name: str, cfg: PromptSetConfig, table: Table) -> ReadColumns:
    """The columns of a file that the set reads. Raises UserError, with the nearest name, for a column that is not there."""
    columns = read_columns(cfg, table)
    if table.columns == (LINE,):
        return columns
    known = [column for column in table.columns if column]
    for key in filter(lambda key: is_used(key, cfg), TYPES):
        column = columns.of.get(key) or getattr(cfg.columns, key)
        if column is not None and column not in known and other_name(key, column, known) is None:
            raise unknown(f"column of {str(table.path)!r} (prompts.{name}.columns.{key})", column, known)
    for number, rule in enumerate(cfg.where):
        if rule.column not in known:
            raise unknown(f"column of {str(table.path)!r} (prompts.{name}.where[{number}])", rule.column, known)
    return columns


def read_cells(name: str, table: Table, record: Record, columns: Mapping[str, str]) -> dict[str, Any]:
    """The mapped cells of a row, typed. Raises UserError with the row's line for one of the wrong type."""
    found = {}
    for key, column in columns.items():
        read, wanted = TYPES[key]
        try:
            found[key] = read(record.cells.get(column))
        except ValueError:
            own = (
                f", or leave {ROW_SETTING_COLUMNS[key]} out of prompts.{name}.use_row_settings"
                if key in ROW_SETTING_COLUMNS
                else ""
            )
            raise UserError(
                f"prompts.{name}: {str(table.path)!r}, {record.place}: {column} is {record.cells.get(column)!r}, and not "
                f"{wanted}; mend the row, or set prompts.{name}.columns.{key} to another column{own}."
            ) from None
    return found


def minor_in(record: Record) -> bool:
    """Whether any text of the row mentions a minor: an attack's prompt may hide what its original says plainly."""
    return any(mentions_minor(text) for text in _texts(record.cells))


def _texts(cell: Any) -> Iterator[str]:
    """Every text in a cell, however deep in lists and records."""
    if isinstance(cell, str):
        yield cell
    elif isinstance(cell, Mapping):
        for part in cell.values():
            yield from _texts(part)
    elif isinstance(cell, (list, tuple)):
        for part in cell:
            yield from _texts(part)


def choose(name: str, cfg: PromptSetConfig, table: Table) -> tuple[Chosen, list[tuple[int, Record]]]:
    """The rows to use, each with its number in the file from 0, and the count of the others."""
    for number, rule in enumerate(cfg.where):
        check_filter(rule, f"prompts.{name}.where[{number}]")
    found, chosen = Chosen(), []
    for number, record in enumerate(table.records):
        try:
            wanted = meets(record, cfg.where)
        except ValueError as error:
            raise UserError(f"prompts.{name}: {str(table.path)!r}, {record.place}: {error}; mend the row.") from None
        if not wanted:
            found.filtered += 1
        elif minor_in(record):
            found.minors += 1
        else:
            chosen.append((number, record))
    found.matching = found.minors + len(chosen)
    return found, chosen


def prompts_of(name: str, cfg: PromptSetConfig, table: Table, concepts: ConceptSet) -> Chosen:
    """A prompt for every row that is used. Raises UserError for two rows of one id."""
    columns = mapping(name, cfg, table)
    if "prompt" not in columns.of:
        raise UserError(
            f"prompts.{name}.columns.prompt is null: name the column of {str(table.path)!r} with the prompts."
        )
    found, records = choose(name, cfg, table)
    found.columns = columns
    seen: dict[str, str] = {}
    for number, record in records:
        cells = read_cells(name, table, record, columns.of)
        if cells["prompt"] is None:
            found.empty += 1
            continue
        row_id = row_name(name, cells.get("id"), number)
        if row_id in seen:
            raise UserError(
                f"prompts.{name}: {str(table.path)!r}, {record.place}: the id {cells['id']!r} was given before "
                f"({seen[row_id]}); set prompts.{name}.columns.id=null to number the rows."
            )
        seen[row_id] = record.place
        what = purpose(cfg, cells.get("concept"), concepts, cells["prompt"])
        own, subject = own_settings(cfg, cells), cells.get("label") or what.concept
        found.prompts.append(
            EvaluationPrompt(
                row_id, cells["prompt"], what.concept, what.role, name, what.expected_concept, subject=subject, **own
            )
        )
    return found


def row_name(name: str, given: str | None, number: int) -> str:
    """A file name for a row: the set's name and the row's id, or its number in the whole file, whatever is filtered."""
    return f"{slug(name)}-{slug(given) if given is not None else f'{number:05d}'}"


def own_settings(cfg: PromptSetConfig, cells: dict[str, Any]) -> dict[str, Any]:
    """A row's own seed, guidance, steps, width and height, as far as ``use_row_settings`` lets it have them."""
    return {key: cells.get(key) for key, part in ROW_SETTING_COLUMNS.items() if part in cfg.use_row_settings}
