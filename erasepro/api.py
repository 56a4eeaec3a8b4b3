"""The Python API: ``erase`` in one call, on a model that stays as it was until ``edit.apply``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from erasepro.concepts.load import given_pairs, load_concepts
from erasepro.concepts.pairs import ConceptSet
from erasepro.errors import UserError

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

    from erasepro.edit import Edit
    from erasepro.models.base import Model


RETAINED = ("concepts", "build", "none")  # solvers that have a choice of texts to retain


def erase(
    model: Model | DiffusionPipeline | str,
    concepts: ConceptSet | Mapping[str, str] | Sequence[Sequence[str]] | str,
    solver: str = "erasepro",
    *,
    schedule: str | None = None,
    preserve: Sequence[str] | str = (),
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
        preserve: names that must stay as they are, where ``concepts`` is a list; or, for solvers that have a choice of
            texts to retain, "concepts" | "build" | "none".
        kind: instance | style | nudity | faces, where ``concepts`` is a list.
        options: the solver's config keys, for example ``text_tokens="all"``.

    Returns:
        an Edit: ``edit.apply(model.pipe)``, ``edit.revert(model.pipe)``, ``edit.save(folder)``.

    Raises:
        UserError: anything a caller can get wrong, in one line.
    """
    from erasepro.concepts.build import build_set
    from erasepro.config import compose
    from erasepro.config import options as options_of
    from erasepro.solvers import make_solver

    if isinstance(concepts, str) and concepts not in options_of("concepts"):
        raise UserError(
            f"{concepts!r} is no stored set of concepts. Give pairs, {{{concepts!r}: 'its anchor'}}, or the name of a "
            f"stored set: {', '.join(options_of('concepts'))}."
        )
    pairs = () if isinstance(concepts, (str, ConceptSet)) else given_pairs(concepts)
    given_preserve = isinstance(preserve, str) or bool(preserve)
    if isinstance(preserve, str) and preserve in RETAINED:  # the solvers' own key of that name
        options, preserve = {**options, "preserve": preserve}, ()
    elif given_preserve and (isinstance(concepts, (str, ConceptSet))):
        raise UserError(
            "preserve goes with a list of pairs; a stored set or a ConceptSet names its own concepts to keep."
        )
    kept = _names(preserve)
    loaded = _model(model)
    overrides = [f"solver={solver}"] + ([f"schedule={schedule}"] if schedule else [])
    overrides += [f"concepts={concepts}"] if isinstance(concepts, str) else []
    cfg = compose(overrides)
    if isinstance(concepts, ConceptSet):
        chosen = concepts
    else:
        own = {"name": "custom", "kind": kind, "pairs": pairs, "preserve": kept}
        given = cfg.concepts if isinstance(concepts, str) else own
        chosen = load_concepts(given, "miniature" if loaded.kind == "miniature" else "open")
    settings = OmegaConf.to_container(cfg.solver, resolve=True)
    assert isinstance(settings, dict)
    if schedule and "schedule" not in settings:
        raise UserError(f"Solver {solver!r} has no schedule: leave schedule out, or use solver='erasepro'.")
    return make_solver({**settings, **options}).solve(loaded, build_set(chosen, cfg.templates))


def _model(given: Any) -> Model:
    """What solvers take, from what `erase` takes."""
    from erasepro.models.architectures import architecture_of
    from erasepro.models.base import Model
    from erasepro.models.load import load_skeleton

    if isinstance(given, Model):
        return given
    if hasattr(given, "components") and hasattr(given, "scheduler"):  # a pipeline
        architecture_of(given)
        source = str(getattr(given, "name_or_path", "") or type(given).__name__)
        return Model(given, Path(source).name, source, "")
    return load_skeleton(given)


def _names(preserve: Any) -> list[str]:
    names = None if isinstance(preserve, (str, bytes)) or not isinstance(preserve, Iterable) else list(preserve)
    if names is None or not all(isinstance(name, str) for name in names):
        raise UserError(f"preserve is a list of names, for example preserve=['cat']; got {preserve!r}.")
    return names
