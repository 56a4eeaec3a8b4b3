"""Loading what is edited: a registered model, a hub id, or a local folder, as a diffusers pipeline."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from erasepro.config.paths import options
from erasepro.config.schema import ModelConfig
from erasepro.config.typed_dataclass import stored_model
from erasepro.errors import UserError, unknown
from erasepro.models.base import Model
from erasepro.models.device import DTYPES, pick_device
from erasepro.models.miniature.judge import MiniatureJudge
from erasepro.models.registry import MODELS
from erasepro.models.single_file import skeleton_parts
from erasepro.models.skeleton import Skeleton
from erasepro.models.source import check_folder, config_files, pipeline_files, resolve, single_file, used_variant
from erasepro.models.tiny import tiny_pipeline
from erasepro.models.whole_pipelines import libraries_quiet, pipeline_from_file, pipeline_from_folder
from erasepro.runtime.file_hashes import hash_files
from erasepro.runtime.progress import stage

MINIATURE = Path(__file__).parent / "miniature" / "weights" / "pipeline"


def load_model(model: ModelConfig | str) -> Model:
    """The model as a ``Model`` (pipeline, name, hash of its weights, judge if it ships one).

    Args:
        model: the ``model`` config group; or the name of one of its options (``"miniature"``), a hub id
            (``"CompVis/stable-diffusion-v1-4"``) or a local folder in diffusers' layout.

    Raises:
        UserError: unknown name, missing folder, no network, pickled weights only, unknown dtype or device.
    """
    cfg = _checked(model)
    with stage(f"Loading {cfg.name}"):
        return MODELS.get(cfg.kind)(cfg)


def model_config(model: ModelConfig | str) -> ModelConfig:
    """The typed config of a model given in any of the ways that ``load_model`` takes."""
    if isinstance(model, ModelConfig):
        return model
    if isinstance(model, Path):
        model = str(model)
    if not isinstance(model, str):
        raise UserError(
            f"Not a model: an object of type {type(model).__name__}. Give 'miniature', a hub id, a local folder, what "
            "load_model returns for one of these, or (to erase) a diffusers pipeline."
        )

    if model in options("model"):
        return stored_model(model)
    if "/" not in model and not Path(model).exists():
        raise unknown("model", model, options("model"))
    return ModelConfig(name=Path(model).name, kind="diffusers", source=model)


def fingerprint(cfg: ModelConfig) -> str:
    """SHA-256 over the bytes of weights, configs and tokenizer (of the seed, for random weights), nothing loaded."""
    MODELS.get(cfg.kind)
    if cfg.kind == "tiny":
        return hashlib.sha256(f"tiny {cfg.seed}".encode()).hexdigest()
    file = single_file(cfg) if cfg.kind == "diffusers" else None
    if file is not None:
        configs = [] if cfg.config is None else config_files(Path(cfg.config).expanduser())
        return (
            hash_files(file.parent, [file])
            if not configs
            else hash_files(Path(cfg.config or ""), configs) + hash_files(file.parent, [file])
        )
    folder = MINIATURE if cfg.kind == "miniature" else resolve(cfg)
    variant = used_variant(cfg, folder)
    check_folder(folder, variant)
    return hash_files(folder, [*pipeline_files(folder, variant), *config_files(folder)])


def judge_fingerprint(cfg: ModelConfig) -> str:
    """The same over the weights of the judges that ship with a model; "" where none do."""
    if cfg.kind != "miniature":
        return ""
    folder = MINIATURE.parent
    return hash_files(folder, [p for p in folder.rglob("*.safetensors") if MINIATURE not in p.parents])


def load_shipped_judge(cfg: ModelConfig) -> Any:
    """The judge that ships with a model, or None; the model itself is not loaded."""
    if cfg.kind != "miniature":
        return None

    return MiniatureJudge.load()


def load_skeleton(model: ModelConfig | str) -> Model:
    """The model by its configs, for solvers: weights are read from disk when they are needed, the denoiser never whole.

    It takes what ``load_model`` takes, and its weights are the same numbers: those stored, in model.dtype.

    Raises:
        UserError: as ``load_model``; a kind that has no files (model=tiny) is loaded whole instead.
    """
    cfg = _checked(model)
    if cfg.kind == "tiny":
        return load_model(cfg)
    with stage(f"Reading configs of {cfg.name}", announced=False):
        return _skeleton(cfg)


def _checked(model: ModelConfig | str) -> ModelConfig:
    cfg = model_config(model)
    if cfg.dtype not in DTYPES:
        raise UserError(f"Bad value for 'model.dtype': got {cfg.dtype!r}, allowed: {', '.join(DTYPES)}.")
    return cfg


def _skeleton(cfg: ModelConfig) -> Model:
    import torch

    MODELS.get(cfg.kind)
    dtype = getattr(torch, cfg.dtype)
    file = single_file(cfg) if cfg.kind == "diffusers" else None
    device = pick_device(cfg.device)
    if file is not None:
        folder, made = skeleton_parts(file, None if cfg.config is None else Path(cfg.config).expanduser())
        with libraries_quiet():
            pipe = Skeleton(folder, device=device, file=file, dtype=dtype)
        del made  # all configs are read
    else:
        folder = MINIATURE if cfg.kind == "miniature" else resolve(cfg, vae=False)
        with libraries_quiet():
            pipe = Skeleton(folder, used_variant(cfg, folder), device=device, dtype=dtype)
    source = cfg.source or "erasepro"
    return Model(pipe, cfg.name, source, "", kind=cfg.kind, revision=_commit(folder, cfg))


def _commit(folder: Path, cfg: ModelConfig) -> str | None:
    """The hub's commit, which its cache names the folder by; else the revision asked for."""
    return folder.name if folder.parent.name == "snapshots" else cfg.revision


def _finish(
    pipe: Any, cfg: ModelConfig, kind: str, source: str, judge: object | None = None, revision: str | None = None
) -> Model:
    device = pick_device(cfg.device)
    with libraries_quiet():
        pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    return Model(pipe, cfg.name, source, fingerprint(cfg), kind, judge, revision)


@MODELS.register("diffusers")
def diffusers_pipeline(cfg: ModelConfig) -> Model:
    """Any supported diffusers pipeline (`architectures`), from a hub id, a local folder or a single file (model.source)."""
    file = single_file(cfg)
    if file is not None:
        return _finish(pipeline_from_file(file, cfg), cfg, "diffusers", cfg.source)
    folder = resolve(cfg)
    return _finish(pipeline_from_folder(folder, cfg), cfg, "diffusers", cfg.source, revision=_commit(folder, cfg))


@MODELS.register("miniature")
def miniature(cfg: ModelConfig) -> Model:
    """The small model that ships with the package, with its own judge."""
    pipe = pipeline_from_folder(MINIATURE, cfg)
    return _finish(pipe, cfg, "miniature", "erasepro", load_shipped_judge(cfg))


@MODELS.register("tiny")
def tiny(cfg: ModelConfig) -> Model:
    """Random weights of the real classes, for tests; draws noise."""
    import torch

    pipe = tiny_pipeline(cfg.seed, length=77)
    if cfg.dtype != "float32":
        pipe.to(getattr(torch, cfg.dtype))
    return _finish(pipe, cfg, "diffusers", "random")
