"""One job made ready: typed config, concepts, prompts and work list, the hashes of its inputs, and its folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from erasepro.concepts.load import load_concepts
from erasepro.concepts.safety.sensitive import KINDS, mentions_nudity
from erasepro.config.plain import plain
from erasepro.config.prompt_sets import PromptSetConfig
from erasepro.config.schema import (
    ConceptsConfig,
    GenerationConfig,
    MetricsConfig,
    ModelConfig,
    OutputsConfig,
    TrackerConfig,
)
from erasepro.config.typed import to_object
from erasepro.errors import UserError
from erasepro.generation.sample import check_row, check_sampler
from erasepro.generation.worklist import make_worklist, resolved
from erasepro.models.load import fingerprint, judge_fingerprint
from erasepro.prompts.sets import load_prompts
from erasepro.prompts.test_prompts import build_set
from erasepro.protocols.label import protocol_label
from erasepro.results.run_folder import RunDir, signature
from erasepro.runs.preset import nearest_preset
from erasepro.runs.scoring import Scoring
from erasepro.runtime.files import digest
from erasepro.solvers.code import solver_code

if TYPE_CHECKING:
    from erasepro.concepts.pairs import ConceptSet
    from erasepro.generation.worklist import Worklist
    from erasepro.prompts.sets import Prompts
    from erasepro.prompts.test_prompts import BuildSet


@dataclass
class Job:
    """What ``runner.run`` works on. Nothing here needs the model to be loaded."""

    cfg: DictConfig
    config: dict[str, Any]  # the same, plain
    model: ModelConfig
    generation: GenerationConfig
    metrics: MetricsConfig
    outputs: OutputsConfig
    tracker: TrackerConfig
    concepts: ConceptSet
    build: BuildSet
    tests: Prompts  # of all the prompt sets; ``tests.sets`` says what is known of each
    worklist: Worklist
    dropped: int  # prompts left out because they mention a minor
    hashes: dict[str, str]
    folder: RunDir

    @cached_property
    def sensitive(self) -> bool:
        """Whether images are blurred and stay here: a concept is nudity by its kind or by a word, or a prompt set is marked so.
        Single prompts of other runs that name it are left out where pictures are shown (`presentable`)."""
        named = [name for pair in self.concepts.pairs for name in (pair.target, pair.anchor)]
        named += {row.concept for row in self.worklist}
        return self.concepts.kind in KINDS or self.tests.sensitive or mentions_nudity(named)

    @property
    def name(self) -> str:
        return str(self.cfg.name)

    @cached_property
    def method(self) -> str:
        """The preset nearest to the solver's settings, and what was changed in it."""
        return nearest_preset(self.config["solver"])

    @cached_property
    def scoring(self) -> Scoring:
        return Scoring(
            self.folder,
            list(self.worklist),
            self.metrics,
            self.model,
            lambda metric: protocol_label(self.config, metric),
            self.outputs.progress,
        )

    @property
    def protocol(self) -> str:
        """``name/version``; ``+modified`` and the keys where a key that the protocol fixes was changed."""
        return protocol_label(self.config)


def make_job(cfg: DictConfig) -> Job:
    """Check everything that can be checked before the model is loaded. ``cfg`` is not changed.

    Raises UserError for a user's mistake.
    """

    model = to_object(cfg.model, ModelConfig)
    generation = to_object(cfg.generation, GenerationConfig)
    vocabulary = "miniature" if model.kind == "miniature" else "open"
    concepts = load_concepts(to_object(cfg.concepts, ConceptsConfig), vocabulary)
    build = build_set(concepts, cfg.templates)
    g = generation
    check_sampler(g.steps, g.guidance, g.size, g.scheduler, g.batch_size)
    if g.prompts_per_concept is not None and g.prompts_per_concept < 1:
        raise UserError(
            f"generation.prompts_per_concept must be 1 or more, or null for all; not {g.prompts_per_concept}."
        )
    if g.max_retain is not None and g.max_retain < 0:
        raise UserError(f"generation.max_retain must be 0 or more, or null for all; not {g.max_retain}.")
    limits = {"per_concept": generation.prompts_per_concept, "max_retain": generation.max_retain}
    sets = {str(name): to_object(node, PromptSetConfig) for name, node in cfg.prompts.items()}
    tests = load_prompts(sets, concepts, generation.split, **limits, seed=int(cfg.seed))
    worklist = make_worklist(tests, generation.seeds)
    worklist = replace(worklist, rows=tuple(resolved(worklist, g.guidance, g.steps, g.size)))
    for row in worklist:
        check_row(row)  # a prompt file's own settings must not wait for the edit
    hashes = {
        "weights": fingerprint(model),
        "build_prompts": digest(asdict(build)),
        "test_prompts": digest([asdict(row) for row in worklist]),
    }
    pairs = [[p.target, p.anchor] for p in concepts.pairs]
    # a file's pairs too: what is told and stored is what is done; merge copies, so that the caller's config stays as it is
    stored = OmegaConf.merge(cfg, {"concepts": {"pairs": pairs}})
    assert isinstance(stored, DictConfig)
    config = plain(stored)
    hashes |= solver_code(str(cfg.solver.name))
    outputs = to_object(cfg.outputs, OutputsConfig)
    folder = RunDir(Path(outputs.dir), str(cfg.name), signature(config, hashes))
    hashes["judge"] = judge_fingerprint(model)  # unsigned: it decides scores, not images
    return Job(
        cfg=stored,
        config=config,
        model=model,
        generation=generation,
        metrics=to_object(cfg.metrics, MetricsConfig),
        outputs=outputs,
        tracker=to_object(cfg.tracker, TrackerConfig),
        concepts=concepts,
        build=build,
        tests=tests,
        dropped=build.dropped + tests.dropped,
        worklist=worklist,
        hashes={key: value for key, value in hashes.items() if value},
        folder=folder,
    )
