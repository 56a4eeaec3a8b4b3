"""The prompts of one run: of every set that the config chooses, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from erasepro.concepts.pairs import ConceptSet
from erasepro.config.prompt_sets import PROMPT_SET_KINDS, ROW_SETTINGS, SET_ROLES, PromptSetConfig
from erasepro.errors import UserError, unknown
from erasepro.prompts.evaluation_prompts import EvaluationPrompts, make_evaluation_prompts
from erasepro.prompts.sets.column_names import all_names
from erasepro.prompts.sets.hub import local_file
from erasepro.prompts.sets.named import named_prompts
from erasepro.prompts.sets.read import read_table
from erasepro.prompts.sets.record import SetRecord, purposes_of, rows_hash, subset
from erasepro.prompts.sets.rows import Chosen, prompts_of
from erasepro.prompts.templates.bank import PHRASINGS


class Prompts(EvaluationPrompts):
    """A list of EvaluationPrompt. ``sets``: what is known of each set; ``dropped``: prompts that mention a minor."""

    def __init__(self) -> None:
        super().__init__()
        self.sets: dict[str, SetRecord] = {}

    @property
    def sensitive(self) -> bool:
        return any(one.sensitive for one in self.sets.values())

    def told(self) -> list[str]:
        """A line for each set, but for the project's own where nothing was dropped."""
        return [one.told for one in self.sets.values() if one.source != OWN_SOURCE or one.dropped_minors]


OWN_SOURCE = "erasepro"


def load_prompts(
    sets: Mapping[str, PromptSetConfig],
    concepts: ConceptSet,
    split: str = "test",
    *,
    per_concept: int | None = None,
    least_targets: int | None = None,
    max_retain: int | None = None,
    neighbors: Sequence[str] = (),
    seed: int = 0,
) -> Prompts:
    """The prompts of the sets, one set after the other. Prompts that mention a minor are never among them.

    ``split``, ``per_concept``, ``least_targets``, ``max_retain``, ``neighbors`` and ``seed`` are for sets of the project's own
    templates (see `make_evaluation_prompts`). Raises UserError for no set, an empty one, and whatever is wrong with a set's
    config or file.
    """
    if not sets:
        raise UserError("No prompt set is chosen: add prompts=templates, or another of `erasepro ls prompts`.")
    found = Prompts()
    owner: dict[str, str] = {}
    for name, cfg in sets.items():
        check_set(name, cfg)
        if cfg.kind == "templates":
            words = tuple(cfg.phrasings) or PHRASINGS
            own = make_evaluation_prompts(
                concepts, split, per_concept=per_concept, least_targets=least_targets, max_retain=max_retain,
                neighbors=neighbors, seed=seed, phrasings=words,
            )  # fmt: skip
            chosen = Chosen(own, len(own) + own.dropped, own.dropped)
        else:
            chosen = _read(name, cfg, concepts)
        rows = subset(chosen.prompts, cfg.max_rows)
        if not rows and cfg.kind != "templates":
            raise UserError(_why_empty(name, chosen))
        for row in rows:
            if owner.setdefault(row.id, name) != name:
                raise UserError(f"The prompt sets {owner[row.id]!r} and {name!r} share prompts ({row.id}): choose one.")
        other = chosen.filtered + chosen.empty + len(chosen.prompts) - len(rows)
        counts = {
            "rows": len(rows),
            "dropped_minors": chosen.minors,
            "dropped_other": other,
            "matching": chosen.matching,
        }
        found.sets[name] = SetRecord(
            name,
            **counts,
            sha256=rows_hash(rows),
            licence=cfg.licence,
            source=_source(cfg),
            published=cfg.rows,
            sensitive=cfg.sensitive,
            by_name=chosen.columns.by_name,
            renamed=tuple(f"{other} for {column}" for column, other in chosen.columns.renamed.items()),
            unused_labels=chosen.columns.unused_labels,
            purposes=purposes_of(name, rows) if cfg.role == "by_concept" else (),
        )
        found.dropped += chosen.minors
        found.extend(rows)
    return found


def check_set(name: str, cfg: PromptSetConfig) -> None:
    """Raise UserError, naming the key, for a value that no set can have."""
    for key, value, known in (("kind", cfg.kind, PROMPT_SET_KINDS), ("role", cfg.role, SET_ROLES)):
        if value not in known:
            raise unknown(f"prompts.{name}.{key}", value, known)
    for key, values, allowed in (
        ("use_row_settings", cfg.use_row_settings, ROW_SETTINGS),
        ("phrasings", cfg.phrasings, PHRASINGS),
    ):
        for value in values:
            if value not in allowed:
                raise unknown(f"entry of prompts.{name}.{key}", value, allowed)
    if cfg.max_rows is not None and cfg.max_rows < 1:
        raise UserError(f"prompts.{name}.max_rows must be 1 or more, or null for all; not {cfg.max_rows}.")


def _read(name: str, cfg: PromptSetConfig, concepts: ConceptSet) -> Chosen:
    """The prompts of a set that is made of a file's rows, or of the names that its config or a file holds."""
    if cfg.kind == "names" and cfg.names and cfg.file is None:
        return named_prompts(name, cfg, None, concepts)
    columns = {key: getattr(cfg.columns, key) for key in cfg.columns.__dataclass_fields__}
    needed = [*all_names(columns, cfg.by_name), *(rule.column for rule in cfg.where)]
    table = read_table(local_file(name, cfg), f"prompts.{name}.file", needed)
    return (named_prompts if cfg.kind == "names" else prompts_of)(name, cfg, table, concepts)


def _source(cfg: PromptSetConfig) -> str:
    if cfg.file is not None:
        return "local file"
    return f"{cfg.source}/{cfg.source_file}" if cfg.source and cfg.source_file else OWN_SOURCE


def _why_empty(name: str, chosen: Chosen) -> str:
    reasons = [(chosen.filtered, "do not meet prompts.{name}.where"), (chosen.minors, "mention a minor")]
    reasons += [(chosen.empty, "hold no prompt")]
    told = ", ".join(f"{count} {why.format(name=name)}" for count, why in reasons if count)
    return f"The prompt set {name!r} is empty" + (f": of its rows {told}." if told else ": it has no names.")
