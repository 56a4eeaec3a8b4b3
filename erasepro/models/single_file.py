"""Checkpoints in one file in the original Stable Diffusion layout (1.x, 2.x, XL): read as if they were a diffusers folder.

The file has weights only. Configs and tokenizers come from a folder (model.config=FOLDER), or, for the sizes that were
published, from what is known of them here.
"""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.checkpoint import PREFIX, Checkpoint
from erasepro.models.file_contents import COMPONENTS, PREFIXES, UNET, describe_contents, explain_missing_part
from erasepro.models.layouts.original_text import CLIP_PREFIXES, OPEN_CLIP_PREFIXES, open_clip
from erasepro.models.layouts.original_unet import original_unet
from erasepro.models.layouts.original_vae import is_attention_matrix, original_vae
from erasepro.models.published import TOKENIZER, published

CROSS = re.compile(re.escape(UNET) + r".*\.attn2\.to_k\.weight$")


class SingleFile(Checkpoint):
    """One component's tensors inside a checkpoint of the original layout, asked for by diffusers' names.

    OpenCLIP's fused q, k, v are cut apart and its projection is turned. Errors as in `Checkpoint`; a file without the component
    says what it holds instead.
    """

    def __init__(self, path: Path, component: str, device: str = "cpu") -> None:
        self.path, self.component = path, component
        super().__init__(path.parent, device=device, files=[path])
        self._blocks = next((i for i in range(1, 100) if f"{UNET}input_blocks.{i}.0.op.weight" in self._home), 3) - 1
        starts, keys = PREFIXES[COMPONENTS[component]], set(self._home)
        self._home = {key: home for key, home in self._home.items() if key.startswith(starts)}
        if not self._home:
            raise UserError(f"{str(path)!r} {explain_missing_part(component, keys)}")
        self._known = {key: self._known[key] for key in self._home}
        self._up_blocks = sum(f"first_stage_model.decoder.up.{i}.block.0.conv1.weight" in keys for i in range(100))

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a tensor as diffusers has it. Raises UserError where there is no such tensor."""
        return tuple(self.get(key).shape)

    def _stored(self, key: str) -> Tensor:
        """A tensor as diffusers has it: a third of a fused q, k, v, turned, or without a convolution's sides; a copy."""
        name, part = self._place(key)
        whole = super()._stored(name)
        if self.component == "vae" and is_attention_matrix(name):
            return whole.reshape(whole.shape[:2])
        if part == "turned":
            return whole.T.contiguous()
        return whole if part is None else whole.chunk(3)[int(part)].clone()

    def rows(self, key: str, wanted: Tensor) -> Tensor:
        """Some rows of a matrix (len(wanted), d), in the dtype that `get` gives them in."""
        return super().rows(self._place(key)[0], wanted)

    def __contains__(self, key: str) -> bool:
        return any(name in self._home for name, _ in self._candidates(key))

    def _place(self, key: str) -> tuple[str, str | None]:
        for name, part in self._candidates(key):
            if name in self._home:
                return name, part
        raise UserError(
            f"{str(self.path)!r} lacks the weight {self.component}.{key}: it is incomplete or of another model."
        )

    def _candidates(self, key: str) -> list[tuple[str, str | None]]:
        path, _, kind = key.rpartition(".")
        if self.component == "unet":  # an upsampler's place hangs on whether its block has attentions
            names = [original_unet(path, self._blocks, with_attention) for with_attention in (True, False)]
            return [(f"{UNET}{name}.{kind}", None) for name in names if name]
        if self.component == "vae":
            original = original_vae(path, self._up_blocks)
            return [(f"first_stage_model.{original}.{kind}", None)] if original else []
        bare = key.removeprefix(PREFIX)
        candidates: list[tuple[str, str | None]] = [(p + bare, None) for p in CLIP_PREFIXES.get(self.component, ())]
        fused = open_clip(bare)
        for prefix in OPEN_CLIP_PREFIXES.get(self.component, ()):
            if bare == "text_projection.weight":
                candidates.append((f"{prefix}text_projection", "turned"))
            elif fused is not None:
                candidates.append((prefix + fused[0], None if fused[1] is None else str(fused[1])))
        return candidates


def config_folder(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder with the configs and tokenizers that a checkpoint of a published size goes with.

    Raises:
        UserError: no checkpoint of the original layout, or of a size that is not known.
    """
    whole = Checkpoint(path.parent, files=[path])
    crossing = [key for key in whole if CROSS.match(key)]
    if not crossing:
        raise UserError(
            f"{str(path)!r} is no Stable Diffusion checkpoint in the original layout (no {UNET}…attn2), it holds "
            f"{describe_contents(set(whole))}: give a whole checkpoint of Stable Diffusion 1, 2 or XL, or as model.source the "
            "folder of a pipeline in diffusers' layout."
        )
    width = whole.shape(crossing[0])[1]
    configs = published(width)
    if configs is None:
        SingleFile(path, "text_encoder")  # configs would not help a file without one
        raise UserError(
            f"{str(path)!r} has text features of {width} numbers, which no published model has: give the folder of its "
            "configs and tokenizers as model.config=FOLDER."
        )
    folder = tempfile.TemporaryDirectory(prefix="erasepro-config-")
    for name, content in configs.items():
        place = Path(folder.name) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, indent=1), encoding="utf-8")
    for name in {str(Path(name).parent) for name in configs if name.startswith("tokenizer")}:
        write_tokenizer(Path(folder.name) / name, pad=configs[f"{name}/tokenizer_config.json"]["pad_token"])
    return folder


def write_tokenizer(folder: Path, pad: str) -> None:
    """CLIP's own tokenizer, from the vocabulary that clip-anytorch ships."""
    with warnings.catch_warnings():  # its use of pkg_resources is not the user's business
        warnings.simplefilter("ignore")
        from clip.simple_tokenizer import SimpleTokenizer

    bpe = SimpleTokenizer()
    merges = [" ".join(pair) for pair in sorted(bpe.bpe_ranks, key=bpe.bpe_ranks.__getitem__)]
    (folder / "vocab.json").write_text(json.dumps(dict(bpe.encoder)), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({**TOKENIZER, "pad_token": pad}), encoding="utf-8")


def skeleton_parts(path: Path, config: Path | None) -> tuple[Path, Any]:
    """The folder of a checkpoint's configs, and what keeps it alive (None: it is the user's own)."""
    if config is not None:
        return config, None
    made = config_folder(path)
    return Path(made.name), made
