"""Adding concepts to an edit, and taking one out: what a solver was given is kept, and solved again as a whole.

Deeper features hang on shallower edits, so the text encoder's chain is replayed from the original weights; keys and
values alone obey the incremental identities of `linalg.incremental`, and the replay gives the same.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import given_pairs, load_concepts
from erasepro.concepts.pairs import ConceptSet, folded
from erasepro.concepts.prompt_pairs import EditPrompts
from erasepro.config.schema import ConceptsConfig
from erasepro.edit.pristine import check_pristine
from erasepro.edit.prompt_record import prompts_of, stored_prompts
from erasepro.edit.record import check_edit
from erasepro.errors import UserError, unknown
from erasepro.models.base import Model
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.prompts.preserved_sentences import SOURCES
from erasepro.solvers import stored_solver

if TYPE_CHECKING:
    from erasepro.edit.edit import Edit


def add_concepts(edit: Edit, concepts: Any, model: Model) -> Edit:
    """The edit for its own concepts and these: the same as solving for all of them at once.

    Args:
        concepts: ``{target: anchor}``, a list of ``(target, anchor)``, a ConceptSet, or an EditPrompts with sentences of
            one's own (its preserved texts join the edit's).

    Raises:
        UserError: a target that is erased already or contradicts the others, or another model.
    """
    old = _build(edit, model)
    new = concepts if isinstance(concepts, EditPrompts) else None
    extra = new.concepts if new is not None else _set(old.concepts, concepts)
    taken = {folded(p.target) for p in old.concepts.pairs}
    for pair in extra.pairs:
        if folded(pair.target) in taken:
            raise UserError(f"The edit erases {pair.target!r} already: remove it first to give it another anchor.")
    preserve = (*old.concepts.preserve, *extra.preserve)
    joint = _merged(old.concepts, (*old.concepts.pairs, *extra.pairs), preserve, extra.synonyms)
    return _solve(edit, model, old, joint, new)


def remove_concept(edit: Edit, name: str, model: Model) -> Edit:
    """The edit without one of its concepts: the same as never having erased it. UserError for an unknown name."""
    old = _build(edit, model)
    if not isinstance(name, str):
        raise UserError(f"Name the concept to remove, for example {old.concepts.targets[0]!r}; got {name!r}.")
    rest = tuple(p for p in old.concepts.pairs if folded(p.target) != folded(name))
    if len(rest) == len(old.concepts.pairs):
        raise unknown("erased concept", name, [p.target for p in old.concepts.pairs])
    if not rest:
        raise UserError(f"{name!r} is the only concept of this edit: revert the edit instead.")
    return _solve(edit, model, old, _merged(old.concepts, rest, old.concepts.preserve), None)


def _solve(edit: Edit, model: Model, old: EditPrompts, joint: ConceptSet, new: EditPrompts | None) -> Edit:
    if old.templates is not None and new is None:
        if any(source not in SOURCES for source in old.templates.preserve_source):
            prompts_of(edit.meta, model.pipe)  # a file that has changed would preserve other sentences, without a word
        prompts = make_edit_prompts(joint, old.templates, read_lexicon(model.pipe))
    elif old.templates is not None:
        raise UserError("This edit was built from templates: add concepts by name, not sentences of their own.")
    else:
        stay = {p.target for p in joint.pairs}
        pairs = [p for p in (*old.pairs, *(new.pairs if new else ())) if p.pair.target in stay]
        missing = stay - {p.pair.target for p in pairs}
        if missing:
            raise UserError(
                f"This edit was built from sentences of its own: give {', '.join(sorted(missing))} as an EditPrompts "
                "with sentences too."
            )
        preserve = dict.fromkeys((*old.preserve, *(new.preserve if new else ())))
        prompts = EditPrompts(joint, tuple(pairs), tuple(preserve))
    solver = stored_solver(edit.meta)
    solver.statistics = open_statistics()
    solved = solver.solve(model, prompts)
    return dataclasses.replace(solved, strength=edit.strength)


def _build(edit: Edit, model: Model) -> EditPrompts:
    """The EditPrompts that the edit was solved from."""
    check_edit(edit)
    if not isinstance(model, Model):
        raise UserError(f"The model to solve on is what load_model returns; got a {type(model).__name__}.")
    if edit.meta.get("parents"):
        raise UserError(
            "This edit is a sum: its parts were solved apart, so no concept can be added or removed by solving again. Do "
            "that to a part before adding, or solve for all the concepts at once."
        )
    prompts = stored_prompts(edit.meta)

    check_pristine(model)
    edit.check(model.pipe)
    return prompts


def _set(like: ConceptSet, concepts: Any) -> ConceptSet:
    if isinstance(concepts, ConceptSet):
        for key in ("kind", "vocabulary"):
            ours, theirs = getattr(like, key), getattr(concepts, key)
            if ours != theirs:
                raise UserError(
                    f"The edit's concepts are of {key} {ours!r}, these of {theirs!r}: solve for them apart."
                )
        return concepts
    given = ConceptsConfig(name=like.name, kind=like.kind, pairs=given_pairs(concepts))
    added = load_concepts(given, like.vocabulary)
    if added.left_out:
        warnings.warn(added.left_out_line, stacklevel=3)
    return added


def _merged(
    like: ConceptSet, pairs: tuple[Any, ...], preserve: tuple[str, ...], further: tuple[Any, ...] = ()
) -> ConceptSet:
    stay = {folded(pair.target) for pair in pairs}
    synonyms = tuple(entry for entry in (*like.synonyms, *further) if folded(entry[0]) in stay)
    return ConceptSet(like.name, like.kind, pairs, preserve, like.notes, like.vocabulary, synonyms)
