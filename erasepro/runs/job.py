"""One job made ready: concepts, prompts and work list, the hashes of its inputs, and its folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import load_concepts
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.concepts.safety.sensitive import SENSITIVE_KINDS, mentions_nudity
from erasepro.config.stored_config import StoredConfig
from erasepro.generation.sample import check_row
from erasepro.generation.worklist import hash_rows, make_worklist, resolved
from erasepro.models.load import fingerprint, judge_fingerprint, load_skeleton
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import check_sentences, make_edit_prompts
from erasepro.prompts.sets import load_prompts
from erasepro.protocols.label import protocol_label
from erasepro.results.run_folder import RunFolder
from erasepro.results.signature import signature
from erasepro.runs.scoring import Scoring
from erasepro.runs.solved_edit import solved_hash
from erasepro.runs.spec import RunSpec
from erasepro.runtime.files import digest
from erasepro.solvers import make_solver
from erasepro.solvers.code import solver_code
from erasepro.solvers.memory import check_memory

if TYPE_CHECKING:
    from erasepro.concepts.pairs import ConceptSet
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.generation.worklist import Worklist
    from erasepro.prompts.lexicon import Lexicon
    from erasepro.prompts.sets import Prompts


@dataclass(frozen=True)
class Job:
    """One run's inputs, made ready: concepts, prompts, work list, hashes, folder. No model is loaded for it."""

    spec: RunSpec
    stored: StoredConfig
    """The spec's, with the pairs of a concepts file in their place: what is stored is what is done."""
    concepts: ConceptSet
    edit_prompts: EditPrompts
    """What the edit is fitted on."""
    evaluation_prompts: Prompts
    """The test prompts of all prompt sets; ``evaluation_prompts.sets`` says what is known of each."""
    worklist: Worklist
    dropped: int
    """Prompts left out because they mention a minor."""
    memory_line: str
    """How much memory the solve needs, where that is much."""
    hashes: dict[str, str]
    folder: RunFolder
    solve_bytes: int = 0
    """Memory that the solve needs, beside the model's weights."""
    work_line: str = ""
    """What the solver computes, where that is more than a solve of seconds (`Solver.work`)."""

    @cached_property
    def sensitive(self) -> bool:
        """Whether images are blurred and stay here: a concept is nudity by its kind or by a word, or a prompt set is marked so.

        Single prompts of other runs that name it are left out where pictures are shown (`presentable`).
        """
        names = [name for pair in self.concepts.pairs for name in (pair.target, pair.anchor)]
        names += {row.concept for row in self.worklist}
        return self.concepts.kind in SENSITIVE_KINDS or self.evaluation_prompts.sensitive or mentions_nudity(names)

    @property
    def method(self) -> str:
        """The solver's preset, and what was changed in it."""
        return str(self.stored["method"])

    @cached_property
    def scoring(self) -> Scoring:
        """The run's metrics: what is scored, and what is missing."""
        return Scoring(
            self.folder,
            list(self.worklist),
            self.spec.metrics,
            self.spec.model,
            lambda metric: protocol_label(self.stored, metric),
            lambda: solved_hash(self.folder),
            self.spec.outputs.progress,
        )

    def original_sampler(self, device: str) -> dict[str, Any]:
        """What decides the original model's pictures beside prompts and seeds.

        Args:
            device: the kind that they are drawn on (cpu | cuda | mps).
        """
        g = self.spec.generation
        drawn = {key: getattr(g, key) for key in ("steps", "guidance", "size", "scheduler")}
        return {"model_hash": self.hashes["weights"], **drawn, "dtype": self.spec.model.dtype, "device": device}

    @property
    def shared_originals(self) -> Path:
        """The folder of the original models' pictures that runs share."""
        return Path(self.spec.outputs.dir) / ".originals"

    @property
    def protocol(self) -> str:
        """``name/version``; ``+modified`` and the keys where a key that the protocol fixes was changed."""
        return protocol_label(self.stored)


def make_job(spec: RunSpec) -> Job:
    """Check everything that can be checked before the model is loaded. Raises UserError for a user's mistake."""
    concepts = load_concepts(spec.concepts, spec.vocabulary)
    check_sentences(concepts, spec.sentences)
    pipe = load_skeleton(spec.model).pipe
    lexicon = read_lexicon(pipe)
    edit_prompts = make_edit_prompts(concepts, spec.sentences, lexicon)
    solver = make_solver(spec.solver)
    memory_line = check_memory(solver, pipe, edit_prompts)
    evaluation_prompts, worklist = make_tests(spec, concepts, edit_prompts.left_out, lexicon)
    stored = spec.stored.replaced({"concepts.pairs": [[p.target, p.anchor] for p in concepts.pairs]})
    hashes = {
        "weights": fingerprint(spec.model),
        "build_prompts": digest(_built_from(edit_prompts)),
        "test_prompts": hash_rows(worklist),
        **solver_code(spec.solver_name),
        **solver.input_hashes(),
    }
    if solver.needs_judge:  # else it decides scores, not images
        hashes["solver_judge"] = digest([asdict(spec.metrics.judge), judge_fingerprint(spec.model)])
    folder = RunFolder(Path(spec.outputs.dir), spec.name, signature(stored, hashes))
    hashes["judge"] = judge_fingerprint(spec.model)  # unsigned: it decides scores, not images
    return Job(
        spec=spec,
        stored=stored,
        concepts=concepts,
        edit_prompts=edit_prompts,
        evaluation_prompts=evaluation_prompts,
        worklist=worklist,
        dropped=edit_prompts.dropped + evaluation_prompts.dropped,
        memory_line=memory_line,
        work_line=solver.work(edit_prompts),
        hashes={key: value for key, value in hashes.items() if value},
        folder=folder,
        solve_bytes=solver.memory(pipe, edit_prompts),
    )


def make_tests(
    spec: RunSpec, concepts: ConceptSet, left_out: Iterable[str], lexicon: Lexicon
) -> tuple[Prompts, Worklist]:
    """The test prompts of a run and the rows that are drawn of them, each with its own sampler settings, checked.

    Args:
        left_out: words that name the erased, which are not retained.

    Raises:
        UserError: prompts that cannot be read, or a row's settings that no sampler takes.
    """
    g = spec.generation
    tests = load_prompts(
        spec.prompts, concepts, g.split, per_concept=g.prompts_per_concept, least_targets=g.target_prompts,
        max_retain=g.max_retain, neighbors=_near_words(concepts, left_out, lexicon, g.neighbors), seed=spec.seed,
    )  # fmt: skip
    worklist = make_worklist(tests, g.seeds)
    worklist = replace(worklist, rows=tuple(resolved(worklist, g.guidance, g.steps, g.size)))
    for row in worklist:
        check_row(row)  # a prompt file's own settings must not wait for the edit
    return tests, worklist


def _near_words(concepts: ConceptSet, left_out: Iterable[str], lexicon: Lexicon, number: int) -> list[str]:
    """The words nearest to each target, to be measured with the retained concepts of a model that nobody knows.

    Args:
        left_out: words that name the erased, which are not retained.
        number: words a target.
    """
    if not number or concepts.vocabulary != "open":
        return []
    gone = {*left_out, *concepts.anchors}
    words = [word for near in lexicon.nearest(concepts.targets, number).values() for word in near]
    unfit = [word for word in words if mentions_minor(word) or mentions_nudity([word])]
    return [word for word in dict.fromkeys(words) if word not in gone and word not in unfit]


def _built_from(edit_prompts: EditPrompts) -> dict[str, Any]:
    """What decides an edit; how many pairs a list held beside those used does not."""
    facts = asdict(edit_prompts)
    del facts["concepts"]["left_out"]
    return facts
