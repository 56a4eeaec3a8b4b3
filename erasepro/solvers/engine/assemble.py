"""From solved sites to an Edit: factors on the CPU, the base weights' fingerprints, the residuals in one place."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from erasepro.edit import Edit, EditRecord
from erasepro.edit.column_ranges import packed
from erasepro.edit.fingerprints import fingerprint
from erasepro.edit.generalization import HELD_OUT_TOKENS, measure_held_out
from erasepro.edit.mapped_update import SiteUpdate
from erasepro.edit.prompt_record import prompt_facts, record_prompts
from erasepro.linalg import Update
from erasepro.models.sites import weight
from erasepro.runtime.progress import stage
from erasepro.runtime.versions import versions
from erasepro.solvers.configs.checks import TOKENS
from erasepro.solvers.engine.compaction import Compaction
from erasepro.solvers.registry import SOLVERS

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.models.base import Model


class SolverConfig(Protocol):
    """A solver's settings: a dataclass with the solver's name."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: str



def described(name: str) -> dict[str, str]:
    """``method`` and ``equation``: the first and the other paragraphs of what the solver's class says of itself."""
    first, *rest = (inspect.getdoc(SOLVERS.get(name)) or "").split("\n\n")
    return {"method": " ".join(first.split()), "equation": " ".join(" ".join(rest).split())}


def assemble_edit(
    model: Model,
    prompts: EditPrompts,
    config: SolverConfig,
    updates: dict[str, Update],
    diagnostics: list[dict[str, Any]],
    facts: dict[str, Any],
    input_maps: Mapping[str, Update] | None = None,
) -> Edit:
    """The Edit.

    Its residuals: `selected` and `all` are the worst site's, `selected_share` is selected over all columns, `exact`
    whether every site's selected columns hold exactly (not for penalised and least-squares fits), `held_out` what
    `measure_held_out` says of the sentences that were made for it, where there are some.

    Args:
        config: the solver's settings; a dataclass with its name.
        updates: site name → ΔW.
        diagnostics: one entry a site, see `site_entry`. A method that solves for no columns (a trained one) gives entries
            without them: then no residual is stated, and `meta` names no selected columns.
        facts: what else `meta` is to say.
        input_maps: site name → D (d_in, d_in), of the sites whose ΔW is W_o D. Sites with one and the same D are stored
            together, in an edit that is large (see `Compaction`).
    """
    compaction = Compaction(updates, input_maps or {})
    compact: dict[str, SiteUpdate] = {}
    base = {}
    with stage("Hashing the edited layers", len(updates), unit="layers") as advance:
        for name in updates:
            W_o = weight(model.pipe, name)  # read once: a skeleton's lies on the disk
            base[name] = fingerprint(W_o)
            compact[name] = compaction.compact(name, W_o, base[name]["sha256"])
            advance(1)
    measured = [entry for entry in diagnostics if "columns" in entry]
    selected = {entry["site"]: packed(entry.pop("selected_columns")) for entry in measured}
    settings = dataclasses.asdict(config)
    meta = {
        "solver": config.name,
        **described(config.name),
        "config": settings,
        "tokens": {key: settings[key] for key in TOKENS if key in settings}
        | ({"held_out": HELD_OUT_TOKENS} if prompts.held_out is not None else {}),
        "model": model.facts(),
        "concepts": {
            "name": prompts.concepts.name,
            "kind": prompts.concepts.kind,
            "pairs": [[p.target, p.anchor] for p in prompts.concepts.pairs],
            "preserve": list(prompts.concepts.preserve),
            "vocabulary": prompts.concepts.vocabulary,
            "synonyms": {name: list(words) for name, words in prompts.concepts.synonyms},
        },
        "prompts": prompt_facts(prompts),
        "edit_prompts": record_prompts(prompts),
        "base": base,
        **({"precision": compaction.precision} if compaction.precision else {}),
        **({"selected_columns": selected} if measured else {}),
        "versions": versions(),
        **facts,
    }
    residuals = _residuals(measured)
    if prompts.held_out is not None:
        with stage("Measuring on other sentences"):
            measured_there = measure_held_out(model, EditRecord(compact, meta), prompts.held_out, prompts.preserve)
        residuals["held_out"] = measured_there
    return Edit(compact, meta, diagnostics, residuals)


def _residuals(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The worst site's relative residuals, and the share of selected columns; nothing where no column was measured."""
    if not entries:
        return {}
    return {
        "selected": max(entry["residual_after_selected"] for entry in entries),
        "all": max(entry["residual_after_all"] for entry in entries),
        "before": max(entry["residual_before"] for entry in entries),
        "selected_share": sum(entry["selected"] for entry in entries) / sum(entry["columns"] for entry in entries),
        "exact": all(entry["exact"] for entry in entries),
    }
