"""The Python API: ``erase`` in one call, on a model that stays as it was until ``edit.apply``."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import given_pairs, load_concepts
from erasepro.concepts.pairs import CONCEPT_KINDS, ConceptSet
from erasepro.config.paths import options as options_of
from erasepro.config.schema import ConceptsConfig
from erasepro.errors import UserError, unknown
from erasepro.models.base import Model
from erasepro.models.computing import check_computing
from erasepro.models.load import load_skeleton
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver
from erasepro.solvers.memory import check_memory

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

    from erasepro.edit import Edit


RETAIN_SOURCES = ("concepts", "fitting", "none")
"""Where the texts come from that a solver retains (its config key ``preserve``)."""


def erase(
    model: Model | DiffusionPipeline | str,
    concepts: ConceptSet | Mapping[str, str] | Sequence[Sequence[str]] | str,
    solver: str = "erasepro",
    *,
    schedule: str | None = None,
    preserve: Sequence[str] = (),
    retain_source: str | None = None,
    kind: str = "instance",
    **options: Any,
) -> Edit:
    """Solve for the edit that erases concepts. The model's weights are the same bytes before and after.

    Args:
        model: from ``load_model``; a diffusers pipeline of a supported class; or what ``load_model`` takes
            (``"miniature"``, a hub id, a folder), of which only the text encoders and the edited layers are then read.
        concepts: a ConceptSet, ``{target: anchor}``, a list of ``(target, anchor)``, or the name of a stored set
            (``"mini/instance_5"``).
        solver: an option of the config group ``solver`` (``erasepro ls solvers``).
        schedule: an option of the config group ``schedule``; None: the default one.
        preserve: names of concepts that must stay as they are, where ``concepts`` is a list of pairs.
        retain_source: of solvers that have a choice of texts to retain (uce, rece, ace_zero, oce, speed …): "concepts" (the
            names in ``preserve``; the model's own words where none is given) | "fitting" (the sentences to preserve) | "none".
            None: the solver's default.
        kind: instance | style | nudity | faces, where ``concepts`` is a list.
        options: the solver's config keys, for example ``text_token_policy="all"``.

    Returns:
        an Edit: ``edit.apply(model.pipe)``, ``edit.revert(model.pipe)``, ``edit.save(folder)``.

    Raises:
        UserError: anything a caller can get wrong, in one line.
    """
    if isinstance(concepts, str) and concepts not in options_of("concepts"):
        raise UserError(
            f"{concepts!r} is no stored set of concepts. Give pairs, {{{concepts!r}: 'its anchor'}}, or the name of a "
            f"stored set: {', '.join(options_of('concepts'))}."
        )
    if not isinstance(concepts, (str, ConceptSet)):
        given_pairs(concepts)  # what is wrong with them is said before the model is loaded
    names = _names(preserve)
    if names and isinstance(concepts, (str, ConceptSet)):
        raise UserError(
            "preserve goes with a list of pairs; a stored set or a ConceptSet names its own concepts to keep."
        )
    if not isinstance(kind, str) or kind not in CONCEPT_KINDS:
        raise unknown("kind of concepts", str(kind), CONCEPT_KINDS)
    if kind != CONCEPT_KINDS[0] and isinstance(concepts, (str, ConceptSet)):
        raise UserError("kind goes with a list of pairs; a stored set or a ConceptSet has its own: leave it out.")
    if retain_source is not None and retain_source not in RETAIN_SOURCES:
        raise unknown("value of retain_source", str(retain_source), RETAIN_SOURCES)
    loaded = _model(model)
    overrides = [f"solver={solver}"] + ([f"schedule={schedule}"] if schedule else [])
    overrides += [f"concepts={concepts}"] if isinstance(concepts, str) else []
    spec = resolve(overrides)
    if isinstance(concepts, ConceptSet):
        chosen = concepts
    else:
        own = (
            None
            if isinstance(concepts, str)
            else ConceptsConfig(kind=kind, pairs=given_pairs(concepts), preserve=names)
        )
        chosen = load_concepts(own or spec.concepts, "miniature" if loaded.kind == "miniature" else "open")
    if chosen.left_out:
        warnings.warn(chosen.left_out_line, stacklevel=2)
    keys = {field.name for field in fields(spec.solver)}
    if schedule and "schedule" not in keys:
        raise UserError(f"Solver {solver!r} has no schedule: leave schedule out, or use solver='erasepro'.")
    if retain_source is not None:
        if "preserve" not in keys:
            raise UserError(f"Solver {solver!r} has no choice of texts to retain: leave retain_source out.")
        options["preserve"] = retain_source
    lexicon = read_lexicon(loaded.pipe)
    chosen_solver = make_solver(spec.solver_name, asdict(spec.solver) | options)
    prompts = make_edit_prompts(chosen, spec.sentences, lexicon)
    check_memory(chosen_solver, loaded.pipe, prompts)
    return chosen_solver.solve(loaded, prompts)


def _model(given: Any) -> Model:
    """What solvers take, from what `erase` takes."""
    if isinstance(given, Model):
        check_computing(given.pipe)
        return given
    if hasattr(given, "components") and hasattr(given, "scheduler"):  # a pipeline
        check_computing(given)
        source = str(getattr(given, "name_or_path", "") or type(given).__name__)
        return Model(given, Path(source).name, source, "")
    return load_skeleton(given)


def _names(preserve: Any) -> list[str]:
    """The names to preserve. Raises UserError for anything but a list of texts."""
    if isinstance(preserve, str) and preserve in RETAIN_SOURCES:
        raise UserError(
            f"preserve is a list of names: write retain_source={preserve!r} for where the retained texts come from, or "
            f"preserve=[{preserve!r}] for a concept of that name."
        )
    names = None if isinstance(preserve, (str, bytes)) or not isinstance(preserve, Iterable) else list(preserve)
    if names is None or not all(isinstance(name, str) for name in names):
        raise UserError(f"preserve is a list of names, for example preserve=['cat']; got {preserve!r}.")
    return names
