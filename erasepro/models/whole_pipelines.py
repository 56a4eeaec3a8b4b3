"""Whole pipelines, their weights loaded: from a folder in diffusers' layout, or from one file in the original layout."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erasepro.config.schema import ModelConfig
from erasepro.errors import UserError
from erasepro.models.architectures import architecture, architecture_of
from erasepro.models.checkpoint import Checkpoint
from erasepro.models.plain_names import under_plain_names
from erasepro.models.single_file import SingleFile, skeleton_parts
from erasepro.models.skeleton import Skeleton, vae_by_config
from erasepro.models.source import absent_parts, check_folder, networks, read_index, used_variant

NAMED = 3  # missing weights that a message names


@contextmanager
def libraries_quiet() -> Iterator[None]:
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


def pipeline_from_folder(folder: Path, cfg: ModelConfig) -> Any:
    """A pipeline from a local folder: safetensors only, without safety checker (its black images would be counted)."""
    import diffusers
    import torch

    variant = used_variant(cfg, folder)
    check_folder(folder, variant)
    index = read_index(folder)
    held = {part: Checkpoint(folder / part, variant) for part in networks(index)}
    kind = getattr(diffusers, architecture(index["_class_name"]).pipelines[0])  # its twins take a picture too
    bare: dict[str, Any] = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    absent = dict.fromkeys(absent_parts(folder, index))
    try:
        with libraries_quiet(), under_plain_names(folder, tuple(held), variant) as plain:
            pipe = kind.from_pretrained(
                str(plain),
                dtype=getattr(torch, cfg.dtype),
                use_safetensors=True,
                local_files_only=True,
                **(bare if "requires_safety_checker" in inspect.signature(kind).parameters else {}),
                **absent,
            )
        pipe.register_to_config(_name_or_path=str(folder))
        for part, checkpoint in held.items():
            _check_whole(part, getattr(pipe, part), checkpoint)
        _check_tokenizers(pipe, folder)
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


def pipeline_from_file(file: Path, cfg: ModelConfig) -> Any:
    """A pipeline from a single-file checkpoint in the original layout, read by diffusers' own converters."""
    import diffusers
    import torch

    folder, made = skeleton_parts(file, None if cfg.config is None else Path(cfg.config).expanduser())
    index = read_index(folder)
    _check_file(file, folder)
    kind = getattr(diffusers, architecture(index["_class_name"]).pipelines[0])  # its twins take a picture too
    bare = {"safety_checker": None, "feature_extractor": None}
    try:
        with libraries_quiet():
            pipe = kind.from_single_file(
                str(file), config=str(folder), local_files_only=True, dtype=getattr(torch, cfg.dtype),
                **(bare if "safety_checker" in inspect.signature(kind).parameters else {}),
            )  # fmt: skip
    except UserError:
        raise
    except Exception as error:  # whatever the library makes of a damaged or foreign file
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"Cannot load {str(file)!r} as a {kind.__name__}: {reason}") from error
    del made
    return pipe


def _check_file(file: Path, folder: Path) -> None:
    """Raise UserError where a checkpoint lacks a part, or a weight of one that its configs describe."""
    with libraries_quiet():
        skeleton = Skeleton(folder, file=file)
        parts = {part: skeleton.components[part] for part in networks(read_index(folder), vae=False)}
        parts["vae"] = vae_by_config(folder)
    for part, network in parts.items():
        _check_whole(part, network, SingleFile(file, part))


def _check_whole(part: str, network: Any, checkpoint: Checkpoint) -> None:
    """Raise UserError where a part has weights that its files lack: the libraries would leave them random."""
    checkpoint.check_numbers(network)
    missing = [key for key in network.state_dict() if not key.endswith("position_ids") and key not in checkpoint]
    if missing:
        named = ", ".join(missing[:NAMED]) + (", …" if len(missing) > NAMED else "")
        raise UserError(
            f"{str(checkpoint.files[0])!r} lacks {len(missing)} of the {part}'s weights ({named}): it is incomplete or another "
            "part's file; fetch the model again."
        )


def _check_tokenizers(pipe: Any, folder: Path) -> None:
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
