"""The Python API: ``erase`` in one call, on a model that stays as it was until ``edit.apply``; ``run`` and ``evaluate``."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import given_pairs, load_concepts
from erasepro.concepts.pairs import CONCEPT_KINDS, ConceptSet
from erasepro.config.paths import options as options_of
from erasepro.config.schema import ConceptsConfig
from erasepro.edit.record import check_edit
from erasepro.errors import UserError, unknown
from erasepro.models.base import Model
from erasepro.models.computing import check_computing
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.load import MINIATURE, load_model, load_skeleton
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.report.run_results import RunResults
from erasepro.runs.evaluation import Evaluation, check_words, evaluation_job
from erasepro.runs.given_prompts import given_prompts
from erasepro.runs.job import make_job
from erasepro.runs.override_words import Overrides, metrics_words, override_words, solver_words
from erasepro.runs.resolve import resolve
from erasepro.runs.run import Run, run_stages
from erasepro.runs.without_effect import lines_without_effect
from erasepro.runtime.quiet import quiet
from erasepro.solvers import make_solver
from erasepro.solvers.memory import check_memory

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

    from erasepro.edit import Edit
    from erasepro.runs.spec import RunSpec
    from erasepro.solvers.base import Solver


RETAIN_SOURCES = ("concepts", "fitting", "none")
"""Where the texts come from that a solver retains (its config key ``preserve``)."""


def erase(
    model: Model | DiffusionPipeline | str,
    concepts: ConceptSet | Mapping[str, str] | Sequence[Sequence[str]] | str,
    solver: str | type[Solver[Any]] | Solver[Any] = "erasepro",
    *,
    schedule: str | None = None,
    preserve: Sequence[str] = (),
    retain_source: str | None = None,
    kind: str = "instance",
    statistics: str | Path = "cache",
    **options: Any,
) -> Edit:
    """Solve for the edit that erases concepts. The model's weights are the same bytes before and after.

    Args:
        model: from ``load_model``; a diffusers pipeline of a supported class; or what ``load_model`` takes
            (``"miniature"``, a hub id, a folder), of which only the text encoders and the edited layers are then read.
        concepts: a ConceptSet, ``{target: anchor}``, a list of ``(target, anchor)``, or the name of a stored set
            (``"mini/instance_5"``).
        solver: an option of the config group ``solver`` (``erasepro ls solvers``); or a class derived from
            `solvers.base.Solver`, or an instance of one, whose settings are used.
        schedule: an option of the config group ``schedule``; None: the default one.
        preserve: names of concepts that must stay as they are, where ``concepts`` is a list of pairs.
        retain_source: of solvers that have a choice of texts to retain (uce, rece, ace_zero, oce, speed …): "concepts" (the
            names in ``preserve``; the model's own words where none is given) | "fitting" (the sentences to preserve) | "none".
            None: the solver's default.
        kind: instance | style | nudity | faces, where ``concepts`` is a list.
        statistics: where sums over preserved sentences are kept, so that a second edit of the model need not read them:
            "cache" (the user's cache folder), "none", or a folder. It changes the speed alone.
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
    overrides = solver_words(solver) + ([f"schedule={schedule}"] if schedule else [])
    overrides += [f"concepts={concepts}"] if isinstance(concepts, str) else []
    spec = resolve(overrides)
    loaded = _model(model, make_solver(spec.solver).needs_denoiser)
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
        raise UserError(f"Solver {spec.solver_name!r} has no schedule: leave schedule out, or use solver='erasepro'.")
    if retain_source is not None:
        if "preserve" not in keys:
            raise UserError(f"Solver {spec.solver_name!r} has no choice of texts to retain: leave retain_source out.")
        options["preserve"] = retain_source
    lexicon = read_lexicon(loaded.pipe)
    chosen_solver = make_solver(spec.solver_name, asdict(spec.solver) | options)
    chosen_solver.statistics = open_statistics(statistics, spec.statistics_limit)
    prompts = make_edit_prompts(chosen, spec.sentences, lexicon)
    check_memory(chosen_solver, loaded.pipe, prompts)
    return chosen_solver.solve(loaded, prompts)


def run(overrides: Overrides = (), *, show: bool = True) -> RunResults:
    """What the command ``erasepro …`` does: solve, draw with both models, score, record; a stopped run is resumed.

    Args:
        overrides: the command's words (``["solver=uce", "generation.steps=12"]``), or a dict of them, nested or with dots
            (``{"concepts": {"dog": "cat"}, "solver": "uce"}``). In a dict, ``solver`` and each of ``metrics`` may be a class
            or an instance of one.
        show: print the heading, the progress and the tables.

    Returns:
        the run's results, also of one that was done before; `results.folder` is where everything lies.

    Raises:
        UserError: anything a caller can get wrong, in one line.
    """
    words = override_words(overrides)
    spec = resolve(words)
    for line in lines_without_effect(words, spec.stored):
        warnings.warn(line, stacklevel=2)
    with _calm(show):
        return _finished(Run(make_job(_silent(spec, show))))


def evaluate(
    model: Model | DiffusionPipeline | str,
    edit: Edit,
    prompts: Any = None,
    metrics: Any = None,
    overrides: Overrides = (),
    *,
    show: bool = True,
) -> RunResults:
    """Draw prompts with the model and with the edit on it, from the same seeds, and count: a run with an edit at hand.

    Args:
        model: as for `erase`, and whole: it draws. Its weights are the same bytes before and after.
        edit: of this model; it may be scaled, a sum, or somebody else's.
        prompts: what is drawn: None: the project's own test prompts about the edit's concepts; an option of the config group
            ``prompts``; a file of them; a list of sentences, each of the target that it names (else of a name that it
            preserves or that the miniature draws, else of the targets); ``{concept: [sentences]}``; or a list of dicts with
            the columns of such a file (``prompt``, ``concept``, ``seed`` …).
        metrics: an option of the config group ``metrics``, or a list of metrics: names, classes, instances. None: the
            miniature's; a model without a judge needs a choice.
        overrides: as for `run`, of generation, prompts, metrics, protocol, outputs, tracker and concepts (``tracker=none``
            unless it is chosen).
        show: print the heading, the progress and the tables.

    Returns:
        the results, in a run's folder under ``outputs.dir``; the same call again reads them.

    Raises:
        UserError: anything a caller can get wrong, in one line.
    """
    check_edit(edit)
    words = override_words(overrides)
    check_words(words)
    keys = {word.lstrip("+~").partition("=")[0] for word in words}
    groups = {key.partition(".")[0] for key in keys}
    loaded = load_model(str(model)) if isinstance(model, (str, Path)) else _model(model)
    metric_words = [] if metrics is None else metrics_words(metrics)
    words = [*([] if "tracker" in groups else ["tracker=none"]), *metric_words, *words]
    with _calm(show):
        with given_prompts(prompts) as prompt_words:
            spec = _silent(resolve([*prompt_words, *words]), show)
            job = evaluation_job(spec, loaded, edit, own_concepts="concepts" in groups, own_name="name" in keys)
        return _finished(Evaluation(job, loaded, edit))


@contextmanager
def _calm(show: bool) -> Iterator[None]:
    """Libraries are silent inside the block, and so are the stages where `show` is false; a caller's warnings stay as set."""
    with warnings.catch_warnings(), nullcontext() if show else redirect_stdout(io.StringIO()):
        quiet()
        yield


def _silent(spec: RunSpec, show: bool) -> RunSpec:
    return spec if show else replace(spec, outputs=replace(spec.outputs, progress=False))


def _finished(stages: Run) -> RunResults:
    """The results of a run whose stages are done now or were before, with their folder."""
    run_stages(stages)
    return RunResults.load(stages.path)


def _model(given: Any, whole: bool = False) -> Model:
    """What solvers take, from what `erase` takes; ``whole``: the denoiser is run, and so loaded."""
    if isinstance(given, Model):
        check_computing(given.pipe)
        return given
    if hasattr(given, "components") and hasattr(given, "scheduler"):  # a pipeline
        check_computing(given)
        source = str(getattr(given, "name_or_path", "") or type(given).__name__)
        if source == str(MINIATURE):
            return Model(given, "miniature", "erasepro", "", "miniature")
        return Model(given, Path(source).name, source, "")
    return load_model(given) if whole else load_skeleton(given)


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
