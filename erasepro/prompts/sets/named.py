"""Sets made of names: each name in each template. The templates are the project's; the names the config's or a file's."""

from __future__ import annotations

from erasepro.concepts.pairs import ConceptSet
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.errors import UserError
from erasepro.prompts.evaluation_prompts import EvaluationPrompt, slug
from erasepro.prompts.sets.purpose import purpose
from erasepro.prompts.sets.read import Table
from erasepro.prompts.sets.rows import Chosen, choose, mapping, read_cells
from erasepro.prompts.templates.bank import check_template, fill


def named_prompts(name: str, cfg: PromptSetConfig, table: Table | None, concepts: ConceptSet) -> Chosen:
    """Prompts ``names × templates``, name by name; ``table`` holds the names where the config has none.

    A name counts once. Counts are of prompts. Raises UserError for a template without a place for the name.
    """
    if not cfg.templates:
        raise UserError(f"prompts.{name}.templates is empty: give sentences with {{n}}, the place of the name.")
    for number, template in enumerate(cfg.templates):
        check_template(template, ("n",), ("n",), f"prompts.{name}.templates[{number}]")
    found = Chosen()
    names: dict[str, str | None] = dict.fromkeys(cfg.names) if table is None else _names(name, cfg, table, found)
    for word, label in names.items():
        what = purpose(cfg, word, concepts)
        for number, template in enumerate(cfg.templates):
            sentence = fill(template, {"n": word})
            if mentions_minor(sentence):
                found.minors += 1
                continue
            anchored = (
                fill(template, {"n": what.expected_concept}) if what.role == "target" and what.expected_concept else ""
            )
            row_id, subject = f"{slug(name)}-{slug(word)}-{number:02d}", label or what.concept
            found.prompts.append(
                EvaluationPrompt(
                    row_id,
                    sentence,
                    what.concept,
                    what.role,
                    name,
                    what.expected_concept,
                    subject=subject,
                    anchor_prompt=anchored,
                )
            )
    found.matching = found.minors + len(found.prompts)
    return found


def _names(name: str, cfg: PromptSetConfig, table: Table, found: Chosen) -> dict[str, str | None]:
    """The names in a file's concept column with their labels; rows left out are counted, once a template."""
    found.columns = mapping(name, cfg, table)
    if "concept" not in found.columns.of:
        raise UserError(
            f"prompts.{name}.columns.concept is null: name the column of {str(table.path)!r} with the names."
        )
    columns = {key: column for key, column in found.columns.of.items() if key in ("concept", "label")}
    counts, records = choose(name, cfg, table)
    found.minors, found.filtered = counts.minors * len(cfg.templates), counts.filtered * len(cfg.templates)
    names: dict[str, str | None] = {}
    for _, record in records:
        cells = read_cells(name, table, record, columns)
        if cells["concept"] is not None:
            names.setdefault(cells["concept"], cells.get("label"))
    return names
