"""Loading what is edited: a registered model, a hub id, or a local folder, always as a StableDiffusionPipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from erasepro.errors import UserError
from erasepro.models.source import check_folder, pipeline_files, resolve
from erasepro.registry import Registry
from erasepro.schema import ModelConfig

if TYPE_CHECKING:
    from erasepro.models.base import Model

MODELS: Registry[Callable[[ModelConfig], Model]] = Registry("model kind")
MINIATURE = Path(__file__).parent / "miniature" / "weights" / "pipeline"
DTYPES = ("float32", "float16", "bfloat16")


def load_model(model: ModelConfig | DictConfig | str) -> Model:
    """The model as a ``Model`` (pipeline, name, hash of its weights, evaluator if it ships one).

    Args:
        model: the ``model`` config group; or the name of one of its options (``"miniature"``), a hub id
            (``"CompVis/stable-diffusion-v1-4"``) or a local folder in diffusers' layout.

    Raises:
        UserError: unknown name, missing folder, no network, pickled weights only, unknown dtype or device.
    """
    cfg = model_config(model)
    if cfg.dtype not in DTYPES:
        raise UserError(f"Bad value for 'model.dtype': got {cfg.dtype!r}, allowed: {', '.join(DTYPES)}.")
    return MODELS.get(cfg.kind)(cfg)


def model_config(model: ModelConfig | DictConfig | str) -> ModelConfig:
    """The typed config of a model given in any of the ways that ``load_model`` takes."""
    if isinstance(model, ModelConfig):
        return model
    if isinstance(model, DictConfig):
        from erasepro.config import to_object

        return to_object(model, ModelConfig)
    from erasepro.config import config_dir, options

    if model in options("model"):
        stored = OmegaConf.load(config_dir() / "model" / f"{model}.yaml")
        return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(ModelConfig), stored))  # type: ignore[return-value]
    if "/" not in model and not Path(model).exists():
        from erasepro.errors import unknown

        raise unknown("model", model, options("model"))
    return ModelConfig(name=Path(model).name, kind="stable-diffusion", source=model)


def fingerprint(cfg: ModelConfig) -> str:
    """SHA-256 over the bytes of the weight files (of the seed, for random weights), without loading the model."""
    if cfg.kind == "tiny":
        return hashlib.sha256(f"tiny {cfg.seed}".encode()).hexdigest()
    folder = MINIATURE if cfg.kind == "miniature" else resolve(cfg)
    check_folder(folder)
    return _hash_files(folder, pipeline_files(folder, cfg.variant))


def evaluator_fingerprint(cfg: ModelConfig) -> str:
    """The same over the weights of the evaluators that ship with a model; "" where none do."""
    if cfg.kind != "miniature":
        return ""
    folder = MINIATURE.parent
    return _hash_files(folder, [p for p in folder.rglob("*.safetensors") if MINIATURE not in p.parents])


def _hash_files(folder: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names (relative to the folder) and bytes of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with open(path, "rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def pick_device(name: str) -> str:
    """``auto`` is the accelerator where there is one. An accelerator that is not there raises UserError."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = name.partition(":")[0]
    allowed = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind not in allowed:
        raise UserError(f"Bad value for 'model.device': got {name!r}, allowed: auto, {', '.join(allowed)}.")
    if not allowed[kind]:
        raise UserError(f"'model.device={name}' but this machine has no such device; use model.device=cpu.")
    return name


def _finish(pipe: Any, cfg: ModelConfig, kind: str, source: str, evaluator: object | None = None) -> Model:
    from erasepro.models.base import Model

    pipe.to(pick_device(cfg.device))
    pipe.set_progress_bar_config(disable=True)
    return Model(pipe=pipe, name=cfg.name, source=source, weights_hash=fingerprint(cfg), kind=kind, evaluator=evaluator)


@contextmanager
def _no_bars() -> Iterator[None]:
    """The libraries' loading bars off, for as long as it takes: a model's parts are not what a user waits for."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    switches = [one for one in (of_diffusers, of_transformers) if one.is_progress_bar_enabled()]
    for one in switches:
        one.disable_progress_bar()
    try:
        yield
    finally:
        for one in switches:
            one.enable_progress_bar()


def _from_folder(folder: Path, cfg: ModelConfig) -> Any:
    """A pipeline from a local folder: safetensors only, without safety checker (its black images would be counted)."""
    import torch
    from diffusers import StableDiffusionPipeline

    check_folder(folder)
    try:
        with _no_bars():
            return StableDiffusionPipeline.from_pretrained(
                str(folder),
                dtype=getattr(torch, cfg.dtype),
                use_safetensors=True,
                variant=cfg.variant,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"Cannot load {str(folder)!r} as a StableDiffusionPipeline: {reason}") from error


@MODELS.register("stable-diffusion")
def stable_diffusion(cfg: ModelConfig) -> Model:
    """A Stable Diffusion 1.x or 2.x pipeline from a hub id or a local folder (model.source)."""
    return _finish(_from_folder(resolve(cfg), cfg), cfg, "stable-diffusion", cfg.source)


@MODELS.register("miniature")
def miniature(cfg: ModelConfig) -> Model:
    """The small model that ships with the package, with its own evaluator."""
    pipe = _from_folder(MINIATURE, cfg)
    from erasepro.models.miniature.evaluator import Evaluator

    return _finish(pipe, cfg, "miniature", "erasepro", Evaluator.load())


@MODELS.register("tiny")
def tiny(cfg: ModelConfig) -> Model:
    """Random weights of the real classes, for tests; draws noise."""
    import torch

    from erasepro.models.tiny import tiny_pipeline

    pipe = tiny_pipeline(cfg.seed, length=77)
    if cfg.dtype != "float32":
        pipe.to(getattr(torch, cfg.dtype))
    return _finish(pipe, cfg, "stable-diffusion", "random")
