"""Shared config dataclasses: what ``conf/`` may say, with types. An option's own dataclass stands beside its code.

Hydra merges the yaml files into these, so that a wrong name or a wrong type fails when the config is composed.
Groups whose options differ in shape (``solver``) stay open here and are checked against the dataclass that their
registry knows (see ``config.check``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from erasepro.config.prompt_sets import PromptSetConfig


@dataclass
class ModelConfig:
    """What is edited."""

    name: str = MISSING  # name in the results and tables
    kind: str = "diffusers"  # registry key: diffusers | miniature | tiny
    source: str = ""  # hub id, local folder or single .safetensors file (kind diffusers only)
    config: str | None = None  # single-file checkpoints: the folder of their configs; null: by the file's sizes
    revision: str | None = None  # hub revision
    variant: str | None = None  # "fp16" picks *.fp16.safetensors
    dtype: str = "float32"  # float32 | float16 | bfloat16
    device: str = "auto"  # auto | cpu | cuda | cuda:0 | mps
    seed: int = 0  # tiny: seed of the random weights


@dataclass
class ConceptsConfig:
    """What is erased: a list of ``[target, anchor]`` pairs, or a CSV file with the header ``target,anchor``."""

    name: str = "custom"
    kind: str = "instance"  # instance | style | nudity | faces
    pairs: list[list[str]] = field(default_factory=list)
    file: str | None = None
    preserve: list[str] = field(default_factory=list)  # concepts to keep
    synonyms: dict[str, list[str]] = field(default_factory=dict)  # target -> further words for it, not preserved either
    notes: str = ""


@dataclass
class TemplatesConfig:
    """Which sentences an edit is fitted on, and which are preserved."""

    # open: out of the model's own words, for any model | miniature: the shipped model's grammar and names (templates=known)
    grammar: str = "open"
    # natural sentences a pair, from the build bank; null: all that the name allows (miniature: 12, for a style 48)
    count: int | None = None
    # sentences a pair with the concept between random words (open); null: 80, 40 from ten pairs on, fewer from sixteen on
    contexts: int | None = None
    # in place of the natural ones: own sentences with {c} (with its article) or {n} (styles: {s}), each once
    templates: list[str] = field(default_factory=list)
    articles: dict[str, str] = field(default_factory=dict)  # name -> its article ("" for none), where the rules are wrong
    # open: where the sentences to preserve come from: vocabulary (the model's own words) | concepts (concepts.preserve and
    # the anchors alone) | a .txt file (a sentence a line) or .csv file (column prompt); several of them
    preserve_source: list[str] = field(default_factory=lambda: ["vocabulary"])
    # open: sentences out of the model's own words that are preserved; those about names, neighbours and of files come above
    # it, as many at most. miniature: all of them, at most
    preserve_count: int = 1600
    preserve_long: float = 0.6  # share of them that are long: a word between random words and comma parts
    preserve_neighbors: int = 16  # words nearest to each target and anchor, by the text encoder's cosine, preserved first
    preserve_empty: bool = True  # the empty prompt, which guidance reads at every step, comes first among them
    fit_synonyms: bool = False  # the words of concepts.synonyms are fitted as their target is; else they are only not preserved
    preserve_synonyms: bool = True  # retained concepts also under their other names (miniature)
    seed: int = 0


@dataclass
class GenerationConfig:
    """How test images are drawn. The same seeds serve the original and the edited model."""

    steps: int = 20
    guidance: float = 3.0
    size: int | None = None  # pixels a side; None: the model's own
    scheduler: str | None = None  # None: the model's own; else ddim | dpm++ | lms
    seeds: list[int] = field(default_factory=lambda: [0, 1, 2])
    split: str = "test"  # test | validation
    prompts_per_concept: int | None = None  # prompts a name in each wording, at most; None: every prompt of the split
    target_prompts: int | None = None  # prompts of all targets together in each wording, at least, whatever the key above
    max_retain: int | None = None  # None: every retained concept
    neighbors: int = 4  # words nearest to each target, measured with the retained concepts (models of open vocabulary)
    batch_size: int = 16  # speed only; images do not depend on it


JUDGE_KINDS = ("model", "openai_clip", "transformers_clip")


@dataclass
class JudgeConfig:
    """Who judges the pictures: the model's own judge, or a CLIP."""

    kind: str = "model"  # model (the one that ships with it) | openai_clip | transformers_clip
    name: str = "ViT-B/32"  # openai_clip: a published name
    # openai_clip: a local weights file; transformers_clip: a folder or a hub id
    source: str | None = field(default=None, metadata={"file": True})
    template: str = "a photo of {c}"  # CLIP: the sentence of a class; {c} is its place
    style_template: str = "{c} style"
    classes: list[str] = field(default_factory=list)  # CLIP: the class list; []: the concepts of the run
    device: str = "auto"  # auto | cpu | cuda | cuda:0 | mps


@dataclass
class MetricsConfig:
    """Which metrics are computed, and their parameters by name (``params.nudenet.threshold=0.6``)."""

    names: list[str] = field(default_factory=list)
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    judge: JudgeConfig = field(default_factory=JudgeConfig)


@dataclass
class ProtocolConfig:
    """A named, versioned way to count. Every number carries ``name`` and ``version``."""

    name: str = MISSING
    version: int = 1
    fixes: dict[str, Any] = field(default_factory=dict)  # dotted key -> value the protocol stands for
    requires: dict[str, str] = field(default_factory=dict)  # dotted key that only the user can give -> what it must be
    suggests: dict[str, Any] = field(default_factory=dict)  # dotted key -> value, set too but no part of the protocol
    prompt_sets: list[str] = field(default_factory=list)  # options of conf/prompts it stands for; []: any
    models: list[str] = field(default_factory=list)  # names of the models it stands for; []: any
    metrics: list[str] = field(default_factory=list)  # those it defines; []: all
    notes: str = ""  # sources, and what is not known


@dataclass
class TrackerConfig:
    """Where numbers are logged beside the run's folder."""

    name: str = "wandb"  # wandb | none
    mode: str = "auto"  # auto (offline without a key) | offline | online
    project: str = "erasepro"
    entity: str | None = None
    group: str | None = (
        None  # runs shown together; None: the experiment, else what a sweep goes over, else the concepts
    )
    tags: list[str] = field(default_factory=list)
    num_images: int = 32  # before/after pictures, spread over the roles of the prompts; 0: none, and no grid
    log_sensitive: bool = False  # upload images and prompts of nudity tasks
    shutdown_timeout: float = 60.0  # seconds that the end of a run waits for uploads


@dataclass
class OutputsConfig:
    """Where runs go, and what is shown; nothing here changes a result."""

    dir: str = "outputs"
    progress: bool = True
    grid: bool = True


@dataclass
class Config:
    """The whole of one run."""

    model: ModelConfig = MISSING
    concepts: ConceptsConfig = MISSING
    templates: TemplatesConfig = field(default_factory=TemplatesConfig)  # the sentences an edit is built from
    solver: Any = MISSING
    schedule: Any = None  # the solver reads it through ${schedule}
    prompts: dict[str, PromptSetConfig] = field(default_factory=dict)  # what images are drawn of
    generation: GenerationConfig = MISSING
    metrics: MetricsConfig = MISSING
    protocol: ProtocolConfig = MISSING
    tracker: TrackerConfig = MISSING
    outputs: OutputsConfig = field(default_factory=OutputsConfig)
    experiments: Any = None
    # where sums over preserved sentences are kept: cache (the user's cache folder) | none | a folder; speed only
    statistics: str = "cache"
    statistics_limit: float = 10.0  # GiB that they may take there
    strength: float = 1.0  # share of the edit that is put into the model: 0 is the original, 1 the full edit
    seed: int = 0
    # how the solver is called in names and tables: its option, and the keys that were changed in it; made, not chosen
    method: str = ""
    name: str = "run"
