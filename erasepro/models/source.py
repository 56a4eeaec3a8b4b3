"""Where a Stable Diffusion's files are: a local folder, the hub's cache, or the hub."""

from __future__ import annotations

from pathlib import Path

from erasepro.errors import UserError
from erasepro.schema import ModelConfig

WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}
HELP = "model.source takes a local folder in diffusers' layout or a hub id such as CompVis/stable-diffusion-v1-4"


def resolve(cfg: ModelConfig) -> Path:
    """The local folder that holds the pipeline; a hub id is looked up in the cache, then downloaded.

    Raises UserError (one line) for a missing folder, an unknown hub id, or no network.
    """
    source = cfg.source.strip()
    if not source:
        raise UserError(f"The key 'model.source' is empty: {HELP}.")
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UserError(f"model.source={source!r} is a file, not a folder: {HELP}.")
    if source[0] in "./~-" or source.strip("/") != source or source.count("/") != 1 or " " in source or "\\" in source:
        raise UserError(f"No such model folder: model.source={source!r} ({HELP}).")
    return _from_hub(source, cfg)


def pipeline_files(folder: Path, variant: str | None) -> list[Path]:
    """The safetensors files of the parts an edit or an image can depend on, in a fixed order."""
    return [folder / part / _weight_name(stem, variant) for part, stem in sorted(WEIGHTS.items())]


def config_files(folder: Path) -> list[Path]:
    """Configs and tokenizer files: they decide what the weights mean."""
    return [folder / "model_index.json", *sorted(folder.glob("*/*.json")), *sorted(folder.glob("*/*.txt"))]


def check_folder(folder: Path, variant: str | None = None) -> None:
    """Raise UserError unless the folder looks like a Stable Diffusion pipeline with safetensors weights."""
    if not (folder / "model_index.json").is_file():
        raise UserError(f"{str(folder)!r} holds no pipeline (no model_index.json): {HELP}.")
    for part in WEIGHTS:
        if not any((folder / part).glob("*.safetensors")):
            found = any((folder / part).glob("*.bin"))
            why = "only pickled weights (*.bin), which are never loaded" if found else "no weights"
            raise UserError(f"{str(folder / part)!r} holds {why}: save the pipeline as safetensors first.")
    for path in pipeline_files(folder, variant):
        if not path.is_file():
            there = ", ".join(sorted(p.name for p in path.parent.glob("*.safetensors")))
            raise UserError(
                f"No weights {str(path)!r} (there: {there}): set model.variant to match, or fetch them again."
            )


def _weight_name(stem: str, variant: str | None) -> str:
    return f"{stem}.{variant}.safetensors" if variant else f"{stem}.safetensors"


def _from_hub(source: str, cfg: ModelConfig) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    wanted = ["model_index.json", "*/*.json", "*/*.txt"]
    wanted += [f"{part}/{_weight_name(stem, cfg.variant)}" for part, stem in WEIGHTS.items()]
    try:
        return Path(snapshot_download(source, revision=cfg.revision, allow_patterns=wanted))
    except HFValidationError as error:
        raise UserError(f"model.source={source!r} is neither a folder nor a hub id ({error}): {HELP}.") from error
    except RepositoryNotFoundError as error:
        raise UserError(f"The hub has no public model {source!r} (or it asks for a login): {HELP}.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise UserError(
            f"Cannot fetch model {source!r}: no network, or the hub does not answer, and it is not in the local cache. "
            "Download it once on a connected machine and pass model.source=<folder>, or use model=miniature."
        ) from error
