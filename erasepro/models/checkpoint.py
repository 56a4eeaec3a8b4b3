"""The tensors of one component on disk, read one at a time: only what is asked for leaves the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.weight_files import weight_files
from erasepro.runtime.pickled_files import is_pickled

ALIASES = {
    "encoder.embed_tokens.weight": "shared.weight",
    "shared.weight": "encoder.embed_tokens.weight",
}  # T5 stores its embedding once
PREFIX = "text_model."  # transformers moved it in and out of CLIP's names


class Checkpoint:
    """A component's safetensors, in one file or several (``*.safetensors.index.json``).

    Attributes:
        read: bytes of the tensors (and rows of tensors) read so far; headers not counted.

    Raises:
        UserError: no such files, pickled weights only, or a file that cannot be read.
    """

    def __init__(
        self, folder: Path, variant: str | None = None, device: str = "cpu", files: list[Path] | None = None
    ) -> None:
        self.folder, self.device, self.read = folder, device, 0
        self._cast: torch.dtype | None = None
        self._wide: tuple[str, ...] = ()
        self._home: dict[str, Path] = {}
        self._known: dict[str, tuple[str, tuple[int, ...]]] = {}  # dtype and shape
        for path in weight_files(folder, variant) if files is None else files:
            with self._file(path) as file:
                for key in file.keys():  # noqa: SIM118
                    part = file.get_slice(key)
                    self._home[key], self._known[key] = path, (part.get_dtype(), tuple(part.get_shape()))

    def __deepcopy__(self, memo: Any) -> Checkpoint:
        return self  # copies of a module read the same files

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

    def __len__(self) -> int:
        return len(self._home)

    @property
    def files(self) -> list[Path]:
        """The files that the tensors lie in, sorted."""
        return sorted(set(self._home.values()))

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(path.stat().st_size for path in self.files)

    def read_as(self, dtype: torch.dtype, network: nn.Module) -> None:
        """Hand out weights in this dtype from now on, as the libraries do when they load the network in it.

        What a network keeps in float32 stays so: of transformers' ones in float16 alone, of diffusers' ones always.
        """
        kept = getattr(network, "_keep_in_fp32_modules", None) or ()
        always = type(network).__module__.startswith("diffusers.")
        self._cast, self._wide = dtype, tuple(kept) if always or dtype == torch.float16 else ()

    def dtype(self) -> torch.dtype:
        """The dtype that weights are handed out in; as stored, that of most tensors (a few may be kept in float32)."""
        if self._cast is not None:
            return self._cast
        names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
        kinds = [kind for kind, _ in self._known.values()]
        known = [kind for kind in kinds if kind in names]
        if not known:
            raise UserError(
                f"{str(self.folder)!r} holds no floating-point weights (found: {', '.join(sorted(set(kinds)))}): fetch the "
                "model again, or save it in float32, float16 or bfloat16."
            )
        return getattr(torch, names[max(set(known), key=known.count)])

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a tensor, from the file's header. Raises UserError where there is no such tensor."""
        return self._known[self._key(key)][1]

    def check_numbers(self, network: nn.Module) -> None:
        """Raise UserError where a weight of the network is stored as whole numbers: read as they are, they mean nothing."""
        for key, value in network.state_dict().items():
            name = self._find(key)
            kind = "" if name is None else self._known[name][0]
            if name is not None and value.is_floating_point() and not kind.startswith(("F", "BF")):
                raise UserError(
                    f"{str(self._home[name])!r} holds {key!r} as whole numbers ({kind}), and the model's weights are "
                    "floating-point numbers: fetch the model again, or save it in float32, float16 or bfloat16."
                )

    def get(self, key: str) -> Tensor:
        """The tensor of this name, as stored unless `read_as` was called; a copy of its own."""
        tensor = self._stored(key)
        self.read += tensor.nbytes
        return self._in_dtype(key, tensor).to(self.device)

    def peek(self, key: str) -> Tensor:
        """As `get`, on the CPU and not counted as read: for hashes."""
        return self._in_dtype(key, self._stored(key))

    def _in_dtype(self, key: str, tensor: Tensor) -> Tensor:
        if self._cast is None or not tensor.is_floating_point():
            return tensor
        wide = any(part in self._wide for part in key.split("."))
        return tensor.to(torch.float32 if wide else self._cast)

    def _stored(self, key: str) -> Tensor:
        name = self._key(key)
        with self._file(self._home[name]) as file:
            tensor: Tensor = file.get_tensor(name).clone()
        return tensor

    def rows(self, key: str, wanted: Tensor) -> Tensor:
        """Some rows of a matrix (len(wanted), d), in the dtype that `get` gives them in."""
        name = self._key(key)
        with self._file(self._home[name]) as file:
            part = file.get_slice(name)
            matrix = torch.cat([part[i : i + 1] for i in wanted.tolist()])
        self.read += matrix.nbytes
        return self._in_dtype(key, matrix).to(self.device)

    def _find(self, key: str) -> str | None:
        for name in (key, ALIASES.get(key, key)):
            for candidate in (name, PREFIX + name, name.removeprefix(PREFIX)):
                if candidate in self._home:
                    return candidate
        return None

    def _key(self, key: str) -> str:
        name = self._find(key)
        if name is None:
            raise UserError(f"{str(self.folder)!r} lacks the weight {key!r}: it is incomplete or of another model.")
        return name

    @staticmethod
    @contextmanager
    def _file(path: Path) -> Iterator[Any]:
        """The file, open. It is closed after each use: pages of a mapped file would count as the process's memory."""
        try:
            with safe_open(path, framework="pt") as file:
                yield file
        except (SafetensorError, OSError, RuntimeError) as error:
            if is_pickled(path):
                raise UserError(
                    f"{str(path)!r} holds pickled weights, which can run code and are never loaded: convert it to safetensors."
                ) from error
            what = " ".join(str(error).split())
            raise UserError(f"{str(path)!r} is damaged ({what}): fetch the model again.") from error
