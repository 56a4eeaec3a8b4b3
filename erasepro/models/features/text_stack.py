"""Texts as a pipeline's encoders see them: tokens, and the features that its denoiser reads.

Shapes: features (d, n), one column a chosen (prompt, position) pair; pooled features (d, B), one a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.architectures import Architecture, ConditioningInput, TextEncoder, architecture_of
from erasepro.models.computing import unwrapped, without_tokenizer
from erasepro.models.features.streams import encode
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, submodule, token_ids
from erasepro.models.features.textual_inversion import inversions_of, is_written_out, write_out
from erasepro.models.lazy import is_plain_half, source, stream
from erasepro.models.sites import conditioning_sites

PADS = {"read": 8, "zeroed": 1, "ignored": 0}
"""Paddings of a text that become columns, in an encoder that is not causal: hundreds of them say nearly the same."""
ROOM = 64 * 77  # tokens that an encoder which is not causal runs at a time, for each prompt of a batch of 64


class EncoderTokenizer:
    """A tokenizer together with what its encoder and its pipeline make of the tokens; called as the tokenizer is."""

    def __init__(self, tokenizer: Any, encoder: TextEncoder, inversions: Mapping[str, str] | None = None) -> None:
        self._tokenizer, self.encoder, self._inversions = tokenizer, encoder, dict(inversions or {})
        self.model_max_length = encoder.length or tokenizer.model_max_length
        self.causal, self.pads = encoder.causal, PADS[encoder.padding]
        self.starts = int(encoder.family == "clip")  # positions before the first word: BOS, or none

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __len__(self) -> int:
        return len(self._tokenizer)

    def __call__(self, text: Any, **options: Any) -> Any:
        prepared = self.prepare(text) if isinstance(text, str) else [self.prepare(one) for one in text]
        return self._tokenizer(prepared, **options)

    @property
    def bare(self) -> Any:
        """The tokenizer itself, for a text that is prepared."""
        return self._tokenizer

    def prepare(self, text: str) -> str:
        """The text as the pipeline hands it to its tokenizer. A prepared one must not be prepared again."""
        text = write_out(self._tokenizer, self._inversions, text)
        if self.encoder.clean:
            from diffusers.pipelines.wan.pipeline_wan import prompt_clean

            text = prompt_clean(text)
        return text.lower() if self.encoder.lower else text


def tokenizer_of(pipe: Any, component: str) -> EncoderTokenizer:
    """The tokenizer of a text encoder. UserError where the pipeline has none."""
    encoder = architecture_of(pipe).encoder(component)
    tokenizer = getattr(pipe, encoder.tokenizer, None)
    if tokenizer is None:
        raise without_tokenizer(encoder)
    inversions = inversions_of(tokenizer)
    return EncoderTokenizer(tokenizer, encoder, inversions if inversions and is_written_out(pipe) else None)


def parts_of(pipe: Any, read: ConditioningInput) -> tuple[tuple[str, ...], ...]:
    """The parts of a conditioning input whose encoders the pipeline has (SD 3 runs without T5).

    Raises UserError where none is left.
    """
    there = tuple(part for part in read.parts if all(getattr(pipe, name, None) is not None for name in part))
    if not there:
        wanted = sorted({name for part in read.parts for name in part})
        raise UserError(f"The pipeline has no {', '.join(wanted)}: load it with its text encoders.")
    return there


def encoders_of(pipe: Any, read: ConditioningInput) -> list[TextEncoder]:
    """The text encoders that a conditioning input's features come from."""
    known = architecture_of(pipe)
    return [known.encoder(name) for part in parts_of(pipe, read) for name in part]


class TextStack:
    """The encoders of a pipeline as they are, or with other CLIP layers in their place; reads features of any text.

    Args:
        dtype: precision of the CLIP encoders' forward passes. Others run as they are loaded.
        batch: prompts run at a time; speed only.
    """

    def __init__(self, pipe: Any, dtype: torch.dtype = torch.float64, batch: int = 64) -> None:
        self.pipe, self.dtype, self.batch = pipe, dtype, batch
        self.architecture: Architecture = architecture_of(pipe)
        self._layers: dict[str, TextLayers] = {}
        self._streamed: dict[str, nn.Module] = {}

    def layers(self, component: str) -> TextLayers:
        """A CLIP encoder's layers, made when they are first read."""
        if component not in self._layers:
            self._layers[component] = TextLayers(getattr(self.pipe, component), self.dtype)
        return self._layers[component]

    def _callable(self, component: str) -> nn.Module:
        """An encoder that can be called, in single precision at least: half precision and a skeleton's go block by block."""
        encoder: nn.Module = unwrapped(getattr(self.pipe, component))
        if source(encoder) is None and not is_plain_half(encoder):
            return encoder
        if component not in self._streamed:
            self._streamed[component] = stream(encoder, torch.float32)
        return self._streamed[component]

    def editable_copy(self) -> TextStack:
        """The same encoders, their CLIP layers free to be edited apart."""
        other = TextStack(self.pipe, self.dtype, self.batch)
        for encoder in self.architecture.encoders:
            if encoder.family == "clip" and getattr(self.pipe, encoder.component, None) is not None:
                other._layers[encoder.component] = self.layers(encoder.component).editable_copy()
        return other

    @torch.no_grad()
    def tokens(self, component: str, prompts: Sequence[str], columns: Columns) -> Tensor:
        """What the denoiser reads (d, n) of these prompts' tokens, before it joins encoders."""
        tokenizer = tokenizer_of(self.pipe, component)
        if tokenizer.encoder.family != "clip":
            return _whole(self._callable(component), tokenizer, prompts, columns, self.batch)
        layers = self.layers(component)
        ids = token_ids(tokenizer, prompts)
        return encode(layers, ids, columns, self.batch, exit_layer(tokenizer.encoder, layers))

    @torch.no_grad()
    def pooled(self, component: str, prompts: Sequence[str]) -> Tensor:
        """The pooled vectors (d, B) of these prompts, projected where the encoder has a projection."""
        tokenizer = tokenizer_of(self.pipe, component)
        ids = token_ids(tokenizer, prompts)
        layers = self.layers(component)
        return layers.project(encode(layers, ids, layers.pooled_positions(ids), self.batch))

    def input_features(self, read: ConditioningInput, prompts: Sequence[str], columns: Sequence[Columns]) -> Tensor:
        """X (d_in, n) of these prompts as the linears of a conditioning input see it; see the function of that name."""
        if not len(prompts):
            return torch.zeros(input_width(self.pipe, read), 0, dtype=torch.float64)
        return join_features(
            self.pipe, read, columns,
            lambda name, mine: self.tokens(name, prompts, mine), lambda name: self.pooled(name, prompts),
        )  # fmt: skip


def exit_layer(encoder: TextEncoder, layers: TextLayers) -> int | None:
    """The block whose input states the denoiser reads; None: the normed states after the last one."""
    return len(layers.blocks) - 1 if encoder.state == "penultimate" else None


def eot_positions(tokenizer: Any, ids: Tensor) -> Columns:
    """The first end of text of each prompt with these ids (B, T)."""
    hits = (ids[:, 1:] == tokenizer.eos_token_id).int()
    found = torch.where(hits.any(dim=1), hits.argmax(dim=1) + 1, ids.shape[1] - 1)
    return Columns(torch.arange(len(ids)), found)


TokenReader = Callable[[str, Columns], Tensor]
"""(encoder, columns of a part) → its tokens' features (d, n)."""


def join_features(
    pipe: Any, read: ConditioningInput, columns: Sequence[Columns], tokens: TokenReader, pooled: Callable[[str], Tensor]
) -> Tensor:
    """X (d_in, n) as a conditioning input's linears see it: encoders side by side, parts one after the other, then its
    projections.

    Args:
        columns: for each part of `parts_of(pipe, read)` its columns (unused for pooled features).
        tokens, pooled: where the encoders' features come from.
    """
    width = input_width(pipe, read)
    found = []
    for part, mine in zip(parts_of(pipe, read), columns, strict=True):
        X = torch.cat([pooled(name) if read.kind == "pooled" else tokens(name, mine) for name in part])  # (Σd, n)
        X = X.double()
        if not read.projections and len(X) < width:
            X = torch.cat([X, X.new_zeros(width - len(X), X.shape[1])])
        found.append(X)
    X = torch.cat(found, dim=1)
    root = getattr(pipe, read.denoiser)
    for path in read.projections:
        X = submodule(root, path, torch.float64)(X.T).T
    return X


def input_width(pipe: Any, read: ConditioningInput) -> int:
    """d_in of the linears of a conditioning input."""
    site = conditioning_sites(pipe, read)[0]
    linear = getattr(pipe, read.denoiser).get_submodule(site.path)
    assert isinstance(linear, nn.Linear)
    return linear.in_features


def conditioning_inputs(pipe: Any) -> list[ConditioningInput]:
    """The conditioning inputs whose denoiser the pipeline has."""
    return [read for read in architecture_of(pipe).reads if getattr(pipe, read.denoiser, None) is not None]


def _whole(
    encoder: nn.Module, tokenizer: EncoderTokenizer, prompts: Sequence[str], columns: Columns, batch: int
) -> Tensor:
    """An encoder's own forward pass, a batch of prompts at a time: for those whose positions all see each other."""
    masked = tokenizer.encoder.padding != "read"
    wanted: dict[int, list[int]] = {}
    for j, row in enumerate(columns.rows.tolist()):
        wanted.setdefault(row, []).append(j)
    rows = sorted(wanted)
    device = next((p.device for p in encoder.parameters() if not p.is_meta), torch.device("cpu"))
    size = max(1, min(batch, ROOM * batch // 64 // tokenizer.model_max_length))
    out: Tensor | None = None
    for start in range(0, len(rows), size):
        mine = rows[start : start + size]
        coded: Mapping[str, Tensor] = tokenizer(
            [prompts[row] for row in mine], padding=True if masked else "max_length",  # masked ones change nothing
            max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt",
        )  # fmt: skip
        mask = coded["attention_mask"].to(device) if masked else None
        states = encoder(coded["input_ids"].to(device), attention_mask=mask)[0]  # (B, T, d)
        if mask is not None:
            states = torch.nn.functional.pad(states * mask[..., None], (0, 0, 0, 1))  # a padding, wherever it stands
        if out is None:
            out = states.new_empty(states.shape[-1], len(columns))
        for state, row in zip(states, mine, strict=True):
            at = torch.tensor(wanted[row])
            out[:, at] = state[columns.positions[at].clamp(max=len(state) - 1)].T
    if out is None:
        return torch.zeros(int(encoder.config.d_model), 0, dtype=torch.float64)  # type: ignore[union-attr, arg-type]
    if not bool(torch.isfinite(out).all()):
        raise UserError("The text encoder gives NaN or infinity: load the model again, or in a wider dtype.")
    return out
