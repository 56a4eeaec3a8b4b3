"""Loading what is edited: a registered model, a hub id, or a local folder, as a diffusers pipeline."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erasepro.config.paths import options
from erasepro.config.schema import ModelConfig
from erasepro.config.typed_dataclass import stored_model
from erasepro.errors import UserError, unknown
from erasepro.models.architectures import architecture, architecture_of
from erasepro.models.base import Model
from erasepro.models.checkpoint import Checkpoint
from erasepro.models.device import pick_device
from erasepro.models.miniature.judge import MiniatureJudge
from erasepro.models.plain_names import under_plain_names
from erasepro.models.single_file import SingleFile, skeleton_parts
from erasepro.models.skeleton import Skeleton
from erasepro.models.source import (
    check_folder,
    config_files,
    networks,
    pipeline_files,
    read_index,
    resolve,
    single_file,
    used_variant,
)
from erasepro.models.tiny import tiny_pipeline
from erasepro.registry import Registry
from erasepro.runtime.file_hashes import hash_files

MODELS: Registry[Callable[[ModelConfig], Model]] = Registry("model kind")
MINIATURE = Path(__file__).parent / "miniature" / "weights" / "pipeline"
DTYPES = ("float32", "float16", "bfloat16")


def load_model(model: ModelConfig | str) -> Model:
    """The model as a ``Model`` (pipeline, name, hash of its weights, judge if it ships one).

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

    It takes what ``load_model`` takes; model.dtype is not looked at (the edit belongs to the weights as stored).

    Raises:
        UserError: as ``load_model``; a kind that has no files (model=tiny) is loaded whole instead.
    """
    cfg = model_config(model)
    if cfg.kind == "tiny":
        return load_model(cfg)
    MODELS.get(cfg.kind)
    file = single_file(cfg) if cfg.kind == "diffusers" else None
    device = pick_device(cfg.device)
    if file is not None:
        folder, made = skeleton_parts(file, None if cfg.config is None else Path(cfg.config).expanduser())
        with _quietly():
            pipe = Skeleton(folder, device=device, file=file)
        del made  # all configs are read
    else:
        folder = MINIATURE if cfg.kind == "miniature" else resolve(cfg, vae=False)
        with _quietly():
            pipe = Skeleton(folder, used_variant(cfg, folder), device=device)
    source = cfg.source or "erasepro"
    return Model(pipe, cfg.name, source, "", kind=cfg.kind, revision=_commit(folder, cfg))


def _commit(folder: Path, cfg: ModelConfig) -> str | None:
    """The hub's commit, which its cache names the folder by; else the revision asked for."""
    return folder.name if folder.parent.name == "snapshots" else cfg.revision


def _finish(
    pipe: Any, cfg: ModelConfig, kind: str, source: str, judge: object | None = None, revision: str | None = None
) -> Model:
    device = pick_device(cfg.device)
    with _quietly():
        pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    return Model(pipe, cfg.name, source, fingerprint(cfg), kind, judge, revision)


@contextmanager
def _quietly() -> Iterator[None]:
    """The libraries' bars, reports and advice off, for as long as it takes: what matters of them is said in one line."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    libraries: tuple[Any, ...] = (of_diffusers, of_transformers)
    before = [(library, library.is_progress_bar_enabled(), library.get_verbosity()) for library in libraries]
    for library in libraries:
        library.disable_progress_bar()
        library.set_verbosity_error()
    try:
        yield
    finally:
        for library, bars, verbosity in before:
            library.set_verbosity(verbosity)
            if bars:
                library.enable_progress_bar()


def _from_folder(folder: Path, cfg: ModelConfig) -> Any:
    """A pipeline from a local folder: safetensors only, without safety checker (its black images would be counted)."""
    import diffusers
    import torch

    variant = used_variant(cfg, folder)
    check_folder(folder, variant)
    index = read_index(folder)
    held = {part: Checkpoint(folder / part, variant) for part in networks(index)}
    kind = getattr(diffusers, architecture(index["_class_name"]).pipelines[0])  # its twins take a picture too
    bare = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    try:
        with _quietly(), under_plain_names(folder, tuple(held), variant) as plain:
            pipe = kind.from_pretrained(
                str(plain),
                dtype=getattr(torch, cfg.dtype),
                use_safetensors=True,
                local_files_only=True,
                **(bare if "requires_safety_checker" in inspect.signature(kind).parameters else {}),
            )
        pipe.register_to_config(_name_or_path=str(folder))
        _check_whole(pipe, folder, held)
        _check_draws(pipe, folder)
        return pipe
    except UserError:
        raise
    except Exception as error:  # whatever the libraries make of a damaged or foreign folder
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        if "ignore_mismatched_sizes" in reason:  # transformers, whose parts are the text encoders
            part = next((name for name in held if name in reason), "text_encoder")
            reason = f"the sizes in {part}/config.json are not those of its weights"
        raise UserError(
            f"Cannot load {str(folder)!r} as a {kind.__name__}, a file is damaged or of another model: {reason}"
        ) from error


def _from_file(file: Path, cfg: ModelConfig) -> Any:
    """A pipeline from a single-file checkpoint in the original layout, read by diffusers' own converters."""
    import diffusers
    import torch

    folder, made = skeleton_parts(file, None if cfg.config is None else Path(cfg.config).expanduser())
    index = read_index(folder)
    held: dict[str, Checkpoint] = {part: SingleFile(file, part) for part in networks(index, vae=False)}
    kind = getattr(diffusers, architecture(index["_class_name"]).pipelines[0])  # its twins take a picture too
    bare = {"safety_checker": None, "feature_extractor": None}
    try:
        with _quietly():
            pipe = kind.from_single_file(
                str(file), config=str(folder), local_files_only=True, dtype=getattr(torch, cfg.dtype),
                **(bare if "safety_checker" in inspect.signature(kind).parameters else {}),
            )  # fmt: skip
        _check_whole(pipe, folder, held)
    except UserError:
        raise
    except Exception as error:  # whatever the library makes of a damaged or foreign file
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"Cannot load {str(file)!r} as a {kind.__name__}: {reason}") from error
    del made
    return pipe


def _check_whole(pipe: Any, folder: Path, held: dict[str, Checkpoint]) -> None:
    """Raise UserError where a part has weights that its files lack: the libraries would leave them random."""
    for part, checkpoint in held.items():
        wanted = (key for key in getattr(pipe, part).state_dict() if not key.endswith("position_ids"))
        missing = [key for key in wanted if key not in checkpoint]
        if missing:
            raise UserError(
                f"{str(checkpoint.files[0])!r} lacks {len(missing)} of the {part}'s weights ({missing[0]} …): it is "
                "incomplete or another part's file; fetch the model again."
            )
    for encoder in architecture_of(pipe).encoders:
        tokenizer = getattr(pipe, encoder.tokenizer, None)
        if tokenizer is not None and (len(tokenizer) < 3 or (encoder.causal and tokenizer.model_max_length > 10_000)):
            raise UserError(f"{str(folder / encoder.tokenizer)!r} holds no complete tokenizer: fetch the model again.")


def _check_draws(pipe: Any, folder: Path) -> None:
    """Raise UserError where a U-Net takes more than noise (a mask, a picture, frames): a text alone gives no picture."""
    unet = getattr(pipe, "unet", None)
    films = type(unet).__name__ == "UNetMotionModel"
    if unet is not None and (films or unet.config.in_channels != pipe.vae.config.latent_channels):
        what = "frames" if films else f"{unet.config.in_channels} channels, a picture and a mask among them"
        raise UserError(
            f"{str(folder)!r} cannot draw from a text alone: its U-Net takes {what}. Erase from it with erasepro edit or "
            "erasepro.erase, which draw nothing."
        )


@MODELS.register("diffusers")
def diffusers_pipeline(cfg: ModelConfig) -> Model:
    """Any supported diffusers pipeline (`architectures`), from a hub id, a local folder or a single file (model.source)."""
    file = single_file(cfg)
    if file is not None:
        return _finish(_from_file(file, cfg), cfg, "diffusers", cfg.source)
    folder = resolve(cfg)
    return _finish(_from_folder(folder, cfg), cfg, "diffusers", cfg.source, revision=_commit(folder, cfg))


@MODELS.register("miniature")
def miniature(cfg: ModelConfig) -> Model:
    """The small model that ships with the package, with its own judge."""
    pipe = _from_folder(MINIATURE, cfg)
    return _finish(pipe, cfg, "miniature", "erasepro", load_shipped_judge(cfg))


@MODELS.register("tiny")
def tiny(cfg: ModelConfig) -> Model:
    """Random weights of the real classes, for tests; draws noise."""
    import torch

    pipe = tiny_pipeline(cfg.seed, length=77)
    if cfg.dtype != "float32":
        pipe.to(getattr(torch, cfg.dtype))
    return _finish(pipe, cfg, "diffusers", "random")
