"""A pipeline known by its configs: networks on the meta device, weights read from disk one by one when they are needed.

What a solver needs of a pipeline is a few names, shapes and weights; the denoiser of a 12-billion-parameter model takes no
memory here. A skeleton draws nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.architectures import Architecture, TextEncoder, architecture
from erasepro.models.checkpoint import PREFIX, Checkpoint
from erasepro.models.layouts.site_names import parameter_path
from erasepro.models.lazy import attach
from erasepro.models.single_file import SingleFile
from erasepro.models.source import check_parts, check_tokenizer_files, read_index

BLOCKS = re.compile(r"(?:^|\.)(?:layers|block|blocks|transformer_blocks|single_transformer_blocks)\.\d+\.")
CLASSES = {
    "diffusers": (
        "UNet2DConditionModel", "SD3Transformer2DModel", "FluxTransformer2DModel", "PixArtTransformer2DModel",
        "WanTransformer3DModel", "CogVideoXTransformer3DModel", "AutoencoderKL",
    ),
    "transformers": ("CLIPTextModel", "CLIPTextModelWithProjection", "T5EncoderModel", "UMT5EncoderModel"),
}  # fmt: skip
"""Networks that are built from a folder's configs: a model's files name their classes, and no others are looked up."""


class Skeleton:
    """The parts of a diffusers folder that an edit can depend on, without their weights.

    Args:
        folder: a local folder in diffusers' layout; `weights=False` needs its configs only.
        variant: which files hold the weights ("fp16").
        device: where weights are put as they are read.
        file: a single-file checkpoint that holds the weights; the folder then has the configs only.
        dtype: what weights are read as, as a pipeline that is loaded in it has them; None: as stored.

    Its text encoders, tokenizers and denoisers are attributes, named as in the pipeline; a part that the folder lacks is
    None. `weight` reads one of their weights.
    """

    def __init__(
        self, folder: str | Path, variant: str | None = None, weights: bool = True, device: str = "cpu",
        file: Path | None = None, dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        self.folder = Path(folder)
        index = read_index(self.folder)
        self.pipeline_class = str(index["_class_name"])
        self.architecture: Architecture = architecture(self.pipeline_class)
        check_parts(self.folder, index)
        self.checkpoints: dict[str, Checkpoint] = {}
        names = [e.component for e in self.architecture.encoders]
        for name in (*names, *self.architecture.denoisers):
            module = _network(self.folder, name, index.get(name))
            if module is not None and weights:
                self.checkpoints[name] = (
                    Checkpoint(self.folder / name, variant, device) if file is None else SingleFile(file, name, device)
                )
                if file is None:
                    _check_shapes(name, module, self.checkpoints[name])
                stored = self.checkpoints[name].dtype()
                self.checkpoints[name].check_numbers(module)
                if dtype is not None:
                    self.checkpoints[name].read_as(dtype, module)
                module = module.to(dtype or stored)
                attach(module, self.checkpoints[name])
            setattr(self, name, module)
        for encoder in self.architecture.encoders:
            there = getattr(self, encoder.component) is not None
            setattr(self, encoder.tokenizer, _tokenizer(self.folder / encoder.tokenizer) if there else None)
            if there:
                network = getattr(self, encoder.component)
                check_tokenizer(getattr(self, encoder.tokenizer), encoder, network, self.folder / encoder.tokenizer)
        self._require()

    @property
    def components(self) -> dict[str, Any]:
        """The networks by name."""
        names = [*(e.component for e in self.architecture.encoders), *self.architecture.denoisers]
        return {name: getattr(self, name) for name in names}

    @property
    def read(self) -> dict[str, int]:
        """Bytes of weights read so far, by component."""
        return {name: checkpoint.read for name, checkpoint in self.checkpoints.items()}

    def weight(self, name: str) -> Tensor:
        """The weight (d_out, d_in) of the linear "<component>.<module path>", or a parameter by its whole name."""
        component, _, path = name.partition(".")
        return self.checkpoints[component].get(parameter_path(path))

    def _require(self) -> None:
        if all(getattr(self, name) is None for name in self.architecture.denoisers):
            raise UserError(
                f"{str(self.folder)!r} has no {' or '.join(self.architecture.denoisers)}: fetch the model again."
            )
        if all(getattr(self, e.component) is None for e in self.architecture.encoders):
            wanted = ", ".join(e.component for e in self.architecture.encoders)
            raise UserError(f"{str(self.folder)!r} has no text encoder ({wanted}): nothing can be read of a concept.")


def check_tokenizer(tokenizer: Any, encoder: TextEncoder, network: nn.Module, where: Path) -> None:
    """Raise UserError for a tokenizer that is not the encoder's: no words, another family's, or more tokens than it embeds."""
    clip = encoder.family == "clip"
    wrong = len(tokenizer) < 3 or (clip and tokenizer.model_max_length > 10_000)
    wrong |= (tokenizer.bos_token_id is not None) != clip or tokenizer.eos_token_id is None
    if wrong or len(tokenizer) > int(network.config.vocab_size):  # type: ignore[union-attr, arg-type]
        raise UserError(f"{str(where)!r} holds no complete tokenizer of {encoder.component}: fetch the model again.")


def _check_shapes(name: str, module: nn.Module, checkpoint: Checkpoint) -> None:
    """Raise UserError where stored weights do not fit the config: other sizes, or blocks that it does not have."""
    known = {key.removeprefix(PREFIX): tuple(value.shape) for key, value in module.state_dict().items()}
    for key in checkpoint:
        bare = key.removeprefix(PREFIX)
        shape = known.get(bare)
        if shape is not None and shape != checkpoint.shape(key):
            raise UserError(
                f"The sizes in {name}/config.json are not those of its weights: {key!r} is {checkpoint.shape(key)}, not "
                f"{shape}."
            )
        if shape is None and BLOCKS.search(bare) and bare.endswith(".weight"):
            raise UserError(f"{name}/config.json has fewer blocks than its weights: {key!r} has no place in it.")


def vae_by_config(folder: Path) -> nn.Module:
    """Stable Diffusion's VAE on the meta device, which an edit does not depend on. UserError for a damaged config."""
    network = _network(folder, "vae", ["diffusers", "AutoencoderKL"])
    assert network is not None
    return network


def _network(folder: Path, name: str, entry: Any) -> nn.Module | None:
    """A component on the meta device, from its config; None where the pipeline has none of that name."""
    if not isinstance(entry, list) or len(entry) != 2 or entry[1] is None:
        return None
    library, kind = entry
    if kind not in CLASSES.get(library, ()):
        raise UserError(f"model_index.json makes {name} a {library}.{kind}, which is not supported; known: "
                        f"{', '.join(sorted(sum(CLASSES.values(), ())))}.")  # fmt: skip
    try:
        with torch.device("meta"):
            return _diffusers(folder / name, kind) if library == "diffusers" else _transformers(folder / name, kind)
    except UserError:
        raise
    except Exception as error:  # whatever the libraries make of a damaged config
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(f"{str(folder / name / 'config.json')!r} does not describe a {kind} ({reason}).") from error


def _diffusers(folder: Path, kind: str) -> nn.Module:
    import diffusers

    cls = getattr(diffusers, kind)
    return cls.from_config(cls.load_config(str(folder), local_files_only=True)).eval()


def _transformers(folder: Path, kind: str) -> nn.Module:
    import transformers

    cls = getattr(transformers, kind)
    return cls(cls.config_class.from_pretrained(str(folder), local_files_only=True)).eval()


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    check_tokenizer_files(folder)
    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # whatever the library makes of a damaged folder
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(f"{str(folder)!r} holds no tokenizer ({reason}): fetch the model again.") from error
