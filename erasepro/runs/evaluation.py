"""An edit that is at hand, measured on a model that is loaded: a run's stages without its solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import load_concepts
from erasepro.concepts.prompt_pairs import EditPrompts
from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS
from erasepro.config.schema import ConceptsConfig, ModelConfig
from erasepro.edit.combine import leaves
from erasepro.edit.generalization import measure_residual
from erasepro.edit.record import TABLE
from erasepro.errors import UserError
from erasepro.generation.worklist import hash_rows
from erasepro.models.load import judge_fingerprint
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.vocabulary import read_lexicon
from erasepro.results.run_folder import RunFolder
from erasepro.results.signature import signature
from erasepro.runs.erase import residual_pairs
from erasepro.runs.job import Job, make_tests
from erasepro.runs.preset import method_name, name_for_file
from erasepro.runs.run import Run
from erasepro.runs.solved_edit import load_solved_edit, save_edit

if TYPE_CHECKING:
    from erasepro.config.stored_config import StoredConfig
    from erasepro.edit import Edit
    from erasepro.models.base import Model
    from erasepro.runs.spec import RunSpec

GIVEN = ("model", "solver", "schedule", "templates", "statistics", "statistics_limit", "strength", "debug", "experiments")
"""Keys and groups that decide how an edit is made, or of what: here both are given."""


class Evaluation(Run):
    """The stages of an `evaluation_job`, with the model and the edit that it was made for."""

    def __init__(self, job: Job, model: Model, edit: Edit) -> None:
        super().__init__(job)
        self.__dict__["model"] = model  # what the cached property would load
        self._given = edit

    def erase(self) -> None:
        """Save the edit in the folder, with its residual on the test prompts."""
        if self.job.folder.is_done("edit") and self.is_measured():
            try:
                load_solved_edit(self.job.folder)
                return
            except UserError:  # saved again
                pass
        with self.job.folder.stage("edit") as facts:
            pairs = residual_pairs(self.job.evaluation_prompts, self.job.concepts)
            facts["test_residual"] = measure_residual(self.model, self._given, pairs) if pairs else None
            facts["edit"] = save_edit(self._given, self.job.folder)


def evaluation_job(spec: RunSpec, model: Model, edit: Edit, own_concepts: bool = False, own_name: bool = False) -> Job:
    """Everything checked and made ready before anything is drawn, as `make_job` does for a solver's run.

    Args:
        spec: what is drawn and counted, and where to; its solver is not looked at.
        model: loaded, without an edit on it. Its weights are hashed as they are in memory.
        own_concepts: the spec's concepts are meant, and not those that the edit states.
        own_name: the spec's name is meant.

    Raises:
        UserError: a user's mistake.
    """
    held = getattr(model.pipe, TABLE, None)
    if held is not None:
        raise UserError(f"The pipeline carries edit {held['hash']}: revert it first; it is put on for the edited images alone.")
    if hasattr(model.pipe, "pipeline_class"):
        raise UserError("A skeleton draws nothing: load the model (load_model) to evaluate an edit on it.")
    edit.check(model.pipe)
    spec = _given_spec(spec, model, edit, own_concepts, own_name)
    concepts = load_concepts(spec.concepts, spec.vocabulary)
    left_out = edit.meta.get("prompts", {}).get("left_out", ())
    tests, worklist = make_tests(spec, concepts, left_out, read_lexicon(model.pipe))
    hashes = {"weights": weights_hash(model.pipe), "edit": edit.hash, "test_prompts": hash_rows(worklist)}
    stored = spec.stored.replaced({"concepts.pairs": [[p.target, p.anchor] for p in concepts.pairs]})
    if "custom" in spec.prompts:
        stored = stored.replaced({"prompts.custom.file": None})  # given in Python; the rows are in the work list
    folder = RunFolder(Path(spec.outputs.dir), spec.name, signature(stored, hashes))
    return Job(
        spec=spec,
        stored=stored,
        concepts=concepts,
        edit_prompts=EditPrompts(concepts, (), ()),
        evaluation_prompts=tests,
        worklist=worklist,
        dropped=tests.dropped,
        memory_line="",
        hashes={key: value for key, value in {**hashes, "judge": judge_fingerprint(spec.model)}.items() if value},
        folder=folder,
    )


def _given_spec(spec: RunSpec, model: Model, edit: Edit, own_concepts: bool, own_name: bool) -> RunSpec:
    """The spec with the model and the edit in the places of those that it names."""
    weights = next(parameter(model.pipe, site) for site in edit.updates)
    config = ModelConfig(
        name=model.name,
        kind=model.kind,
        source="" if model.kind == "miniature" else model.source,
        dtype=str(weights.dtype).removeprefix("torch."),
    )
    concepts = spec.concepts if own_concepts else stated_concepts(edit)
    solver = dict(edit.meta.get("config") or {}) | {"name": str(edit.meta.get("solver") or "unknown")}
    method = method_name(solver, edit.strength)
    name = spec.name if own_name else f"{model.name}-{concepts.name}-{name_for_file(method)}"
    changes: dict[str, Any] = {"model": asdict(config), "concepts": asdict(concepts), "solver": solver, "name": name}
    changes |= {"method": method, "strength": edit.strength}
    stored: StoredConfig = spec.stored.replaced(changes | {"schedule": solver.get("schedule")})
    given = {"solver_name": solver["name"], "strength": edit.strength}
    return replace(spec, name=name, model=config, concepts=concepts, stored=stored, **given)


def stated_concepts(edit: Edit) -> ConceptsConfig:
    """The concepts that an edit states; those of a sum are sensitive where one of its parts is.

    Raises UserError where it states none.
    """
    if not edit.concepts:
        raise UserError("The edit does not say what it erases: add overrides={'concepts': {'dog': 'cat'}} with its pairs.")
    stated = edit.meta["concepts"]
    kinds = [leaf.get("concepts", {}).get("kind", "instance") for leaf in leaves(edit.meta)]
    kind = next((kind for kind in kinds if kind in SENSITIVE_KINDS), kinds[0])
    return ConceptsConfig(
        name=str(stated.get("name") or "-".join(list(edit.concepts)[:3])),
        kind=stated.get("kind", kind),
        pairs=[list(pair) for pair in stated["pairs"]],
        preserve=list(stated.get("preserve", ())),
        synonyms={name: list(words) for name, words in stated.get("synonyms", {}).items()},
    )


def check_words(words: Sequence[str]) -> None:
    """Raise UserError for an override of what is given: the model, or how the edit is made."""
    for word in words:
        key = word.lstrip("+~").partition("=")[0]
        if key.partition(".")[0] in GIVEN:
            raise UserError(
                f"{word!r} has no effect here, where the model and the edit are given: keys of generation, prompts, metrics, "
                "protocol, outputs, tracker and concepts can be set."
            )
