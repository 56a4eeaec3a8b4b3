"""Where a model's files are: a local folder in diffusers' layout, the hub's cache, or the hub."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from erasepro.config.paths import options
from erasepro.config.schema import ModelConfig
from erasepro.config.typed_dataclass import stored_model
from erasepro.errors import UserError
from erasepro.models.architectures import Architecture, architecture
from erasepro.models.weight_files import indexed_files, names_in, weight_files
from erasepro.models.weight_names import choose_entry, is_index, variants
from erasepro.runtime.json_text import load_json
from erasepro.runtime.pickled_files import is_pickled

LIBRARIES = ("diffusers", "transformers")
"""Where the parts of a pipeline may come from."""
SAFETY_CHECKER = ["stable_diffusion", "StableDiffusionSafetyChecker"]
"""How published indexes name the one part that diffusers holds in a module of a pipeline's own."""
TOKENIZER_FILES = (
    "tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model",
)  # fmt: skip
"""One of these is what a tokenizer is read from."""
HELP = (
    "model.source takes a local folder in diffusers' layout, a single .safetensors file (SD 1, 2, XL) or a hub id such as "
    "CompVis/stable-diffusion-v1-4"
)


def single_file(cfg: ModelConfig) -> Path | None:
    """The checkpoint that model.source names, where it is one ``.safetensors`` file. UserError for a pickled one."""
    path = Path(cfg.source.strip()).expanduser()
    if not cfg.source.strip() or not path.is_file():
        return None
    if is_pickled(path):
        raise UserError(
            f"model.source={cfg.source!r} is a pickled checkpoint, which can run code and is never loaded: convert it to "
            "safetensors first."
        )
    return path if path.suffix.lower() == ".safetensors" else None


def read_index(folder: Path) -> dict[str, Any]:
    """A folder's model_index.json: the pipeline's class (``_class_name``) and its parts, each (library, class).

    Raises:
        UserError: there is none, or it is damaged, or a part is of another library than `LIBRARIES`: such a part can be a
            Python file in the folder, which whoever loads the pipeline would run.
    """
    path = folder / "model_index.json"
    try:
        index = load_json(path)
        if not isinstance(index["_class_name"], str):
            raise TypeError("_class_name is no name")
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{str(folder)!r} holds no pipeline (no model_index.json): {HELP}.") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{str(path)!r} is no description of a pipeline ({error}): fetch the model again.") from error
    for part, value in index.items():
        if isinstance(value, list) and not all(entry is None or isinstance(entry, int | float) for entry in value):
            _check_library(path, part, value)  # all else are numbers of settings, or parts that the pipeline lacks
    return dict(index)


def _check_library(path: Path, part: str, value: list[Any]) -> None:
    if value == SAFETY_CHECKER or (len(value) == 2 and value[0] in LIBRARIES):
        return
    raise UserError(
        f"{str(path)!r} takes its part {part!r} from {value[0]!r}, which can run code and is never loaded: allowed are "
        f"{' and '.join(LIBRARIES)}; fetch the model from its authors, or save its pipeline with parts of those libraries."
    )


def networks(index: dict[str, Any], vae: bool = True) -> list[str]:
    """The parts with weights that an image (without the VAE: an edit) can depend on, in a fixed order."""
    known: Architecture = architecture(index["_class_name"])
    names = [*(e.component for e in known.encoders), *known.denoisers, *(["vae"] if vae else [])]
    return sorted(name for name in names if _is_named(index, name))


def resolve(cfg: ModelConfig, vae: bool = True) -> Path:
    """The local folder that holds the pipeline; a hub id is looked up in the cache, then downloaded.

    Raises UserError (one line) for a missing folder, an unknown hub id, or no network.
    """
    return local_folder(cfg) or _from_hub(cfg.source.strip(), cfg, vae)


def local_folder(cfg: ModelConfig) -> Path | None:
    """The folder that model.source names; None where it is a hub id. Nothing is looked up there.

    Raises UserError (one line) for a path at which there is none, and for a file.
    """
    source = cfg.source.strip()
    if not source:
        raise UserError(f"The key 'model.source' is empty: {HELP}.")
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UserError(f"model.source={source!r} is a file of another kind: {HELP}.")
    if source[0] in "./~-" or source.strip("/") != source or source.count("/") != 1 or " " in source or "\\" in source:
        raise UserError(f"No such model folder: model.source={source!r} ({HELP}).")
    return None


def pipeline_files(folder: Path, variant: str | None) -> list[Path]:
    """The safetensors files of the parts an edit or an image can depend on, in a fixed order."""
    return [path for part in networks(read_index(folder)) for path in weight_files(folder / part, variant)]


def config_files(folder: Path) -> list[Path]:
    """Configs and tokenizer files: they decide what the weights mean."""
    files = {p for pattern in ("*.json", "*.txt", "*.model") for p in folder.glob(f"*/{pattern}")}
    return [folder / "model_index.json", *sorted(files)]


def check_folder(folder: Path, variant: str | None = None) -> None:
    """Raise UserError unless the folder is a supported pipeline with safetensors weights for all its parts."""
    missing = [e.component for e in architecture(read_index(folder)["_class_name"]).encoders]
    if not any((folder / name).is_dir() for name in missing):
        raise UserError(f"{str(folder)!r} has no text encoder ({', '.join(missing)}): fetch the model again.")
    index = read_index(folder)
    check_parts(folder, index)
    pipeline_files(folder, variant)
    absent = absent_parts(folder, index)
    for part in index:
        if part.startswith("tokenizer") and _is_named(index, part) and part not in absent:
            check_tokenizer_files(folder / part)


def check_parts(folder: Path, index: dict[str, Any]) -> None:
    """Raise UserError where a part that the index names has no folder."""
    known = architecture(index["_class_name"])
    for part in networks(index, vae=False):
        if not (folder / part).is_dir():
            dispensable = part not in known.denoisers and known.works_without([part])
            without = f', or write "{part}": [null, null] there to do without it' if dispensable else ""
            raise UserError(
                f"{str(folder)!r} has no folder {part}, which its model_index.json names: fetch the model again{without}."
            )


def absent_parts(folder: Path, index: dict[str, Any]) -> list[str]:
    """The text encoders that a pipeline lacks and does without (SD 3 without T5), and their tokenizers.

    Raises:
        UserError: a pipeline that cannot do without them, or an entry that is no pair of library and class.
    """
    known = architecture(index["_class_name"])
    for name in (name for e in known.encoders for name in (e.component, e.tokenizer)):
        if index.get(name, ()) is None:
            raise UserError(
                f"{str(folder / 'model_index.json')!r} gives null for {name}: write [null, null] where a pipeline lacks a part."
            )
    gone = [encoder for encoder in known.encoders if not _is_named(index, encoder.component)]
    lacking = [encoder.component for encoder in gone]
    if not known.works_without(lacking):
        raise UserError(
            f"{str(folder / 'model_index.json')!r} names no {', '.join(lacking)}, and a {index['_class_name']} draws nothing "
            "without: fetch the model again."
        )
    return [name for encoder in gone for name in (encoder.component, encoder.tokenizer)]


def _is_named(index: dict[str, Any], part: str) -> bool:
    """Whether an index says where a part comes from; a part that a pipeline lacks has [null, null]."""
    entry = index.get(part)
    return isinstance(entry, list) and len(entry) == 2 and entry[1] is not None


def check_tokenizer_files(folder: Path) -> None:
    """Raise UserError where no tokenizer lies in a folder: the libraries would ask the hub, and say that it does not answer."""
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise UserError(f"{str(folder)!r} holds no tokenizer (none of {', '.join(TOKENIZER_FILES)}): fetch the model again.")


def used_variant(cfg: ModelConfig, folder: Path) -> str | None:
    """The variant to read of a folder.

    It is model.variant, or None where a model's option brought that along to another source (``model=sdxl
    model.source=FOLDER``) of which no part has files of it.
    """
    return _applicable(cfg, {part.name: names_in(part) for part in folder.iterdir() if part.is_dir()})


def _applicable(cfg: ModelConfig, names: Mapping[str, Collection[str]]) -> str | None:
    if cfg.variant is None or any(cfg.variant in variants(held) for held in names.values()):
        return cfg.variant
    option = stored_model(cfg.name) if cfg.name in options("model") else None
    brought = option is not None and option.variant == cfg.variant and option.source != cfg.source
    return None if brought else cfg.variant


def _from_hub(source: str, cfg: ModelConfig, vae: bool) -> Path:
    """The folder in the hub's cache, with configs and the chosen weights of every part; what is missing is downloaded."""
    from huggingface_hub import hf_hub_download, snapshot_download
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        index = Path(hf_hub_download(source, "model_index.json", revision=cfg.revision))
        names = _names_on_hub(source, cfg.revision)
        held = _by_part(names or (path.relative_to(index.parent).as_posix() for path in index.parent.glob("*/*")))
        variant = _applicable(cfg, held)
        wanted = ["model_index.json", "*/*.json", "*/*.txt", "*/*.model"]
        for part in networks(read_index(index.parent), vae):
            elsewhere = any(variant in variants(other) for other in held.values())
            try:
                entry = choose_entry(f"{source}/{part}", held.get(part, set()), variant, elsewhere)
            except UserError as error:
                raise error if names else OSError("the cache lacks it") from error
            files = [entry]
            if is_index(entry):
                files = indexed_files(Path(hf_hub_download(source, f"{part}/{entry}", revision=cfg.revision)))
            wanted += [f"{part}/{name}" for name in files]
        return Path(snapshot_download(source, revision=cfg.revision, allow_patterns=wanted))
    except HFValidationError as error:
        raise UserError(f"model.source={source!r} is neither a folder nor a hub id ({error}): {HELP}.") from error
    except RepositoryNotFoundError as error:
        raise UserError(f"The hub has no public model {source!r} (or it asks for a login): {HELP}.") from error
    except _unreachable() as error:
        raise UserError(
            f"Cannot fetch model {source!r}: no network, or the hub does not answer, and it is not in the local cache. "
            "Download it once on a connected machine and pass model.source=<folder>, or use model=miniature."
        ) from error


def _names_on_hub(source: str, revision: str | None) -> set[str]:
    """The names of all files of a model on the hub; none where it does not answer, and the cache has to do."""
    from huggingface_hub import list_repo_files

    try:
        return set(list_repo_files(source, revision=revision))
    except _unreachable():
        return set()


def _unreachable() -> tuple[type[Exception], ...]:
    """What the hub's functions raise where it does not answer: OSError, and the error of its client, whichever that is."""
    from huggingface_hub.errors import HfHubHTTPError

    return (OSError, *(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception)))


def _by_part(names: Iterable[str]) -> dict[str, set[str]]:
    """The names of the files in each folder of a pipeline."""
    held: dict[str, set[str]] = {}
    for name in names:
        part, _, file = name.partition("/")
        if file and "/" not in file:
            held.setdefault(part, set()).add(file)
    return held
