"""The common part of the methods that edit cross-attention only: which texts are read, at which tokens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from erasepro.closed_form import Solution, Statistics, Update
from erasepro.concepts.pairs import ConceptPair
from erasepro.errors import UserError, unknown
from erasepro.models.columns import PairColumns, pair_columns, preserve_columns
from erasepro.models.features import TextLayers, token_ids
from erasepro.models.sites import ATTENTION_KINDS, cross_attention_sites
from erasepro.models.streams import encode

from .base import Solver
from .finish import check_pristine, finish
from .kv_pass import SiteSolver, kv_pass

if TYPE_CHECKING:
    from erasepro.concepts.prompts import BuildSet
    from erasepro.edit import Edit
    from erasepro.models.base import Model


@dataclass
class KVConfig:
    """What is read; each method's own config adds its equation's symbols and its published choice of these."""

    name: str = ""
    tokens: str = "last_subject"  # token policy of the erased pairs
    prompts: str = "bare"  # bare (the concepts' own names) | build (the build prompts)
    guide: str = "anchor"  # anchor | empty (the empty prompt)
    preserve: str = "concepts"  # concepts (names to keep; none given: all others) | build (the build captions) | none
    preserve_tokens: str = "last"  # columns of each retained text: last | words | text | all
    preserve_empty: bool = False  # retain "" as well
    batch_size: int = 64


@dataclass(frozen=True)
class _Bare:
    target_prompt: str
    anchor_prompt: str
    pair: ConceptPair


@dataclass(frozen=True)
class Features:
    """What the U-Net reads: X (d, n) targets, Y (d, n) anchors, K (d, m) retained texts at their tokens."""

    pipe: Any
    layers: TextLayers
    build: BuildSet
    columns: PairColumns
    X: Tensor
    Y: Tensor
    K: Tensor
    retained: int
    batch: int

    def read(self, texts: Sequence[str], tokens: str = "all") -> Tensor:
        """The features (d, m) of other texts."""
        return read_texts(self.pipe, self.layers, texts, tokens, self.batch)

    def moment(self, mean: bool = False) -> Tensor:
        """K Kᵀ (d, d), or its mean over the columns."""
        stats = Statistics(len(self.X)).update(self.K)
        return stats.xx / max(stats.total, 1.0) if mean else stats.xx


def read_texts(pipe: Any, layers: TextLayers, texts: Sequence[str], tokens: str, batch: int) -> Tensor:
    """Features (d, m) of these texts at these tokens (see `preserve_columns`); m = 0 for no texts."""
    ids = token_ids(pipe.tokenizer, texts)
    columns, _ = preserve_columns(pipe.tokenizer, ids, tokens)
    if not len(columns):
        return torch.zeros(pipe.text_encoder.config.hidden_size, 0, dtype=torch.float64)
    return encode(layers, ids, columns, batch).double()


class KVSolver(Solver):
    """Base of the methods that edit cross-attention keys and values (or one of the two) in closed form."""

    config: type = KVConfig
    kinds: ClassVar[Sequence[str]] = ATTENTION_KINDS

    def sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        """How each site is solved, and facts for the edit's meta data. A ValueError becomes a clear UserError."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise UserError for a value out of range; subclasses add their own."""

    @torch.no_grad()
    def solve(self, model: Model, build: BuildSet) -> Edit:
        """The edit for build.concepts. Raises UserError for a bad config value or a concept beyond the context."""
        check_pristine(model)
        self._check()
        start = time.perf_counter()
        features = self._features(model.pipe, build)
        read = time.perf_counter() - start
        try:
            solve, facts = self.sites(features)
            sites = cross_attention_sites(model.pipe, self.kinds)
            done: tuple[dict[str, Update], Any] = kv_pass(
                model.pipe, sites, features.X, features.Y, features.columns, solve
            )
        except ValueError as error:
            raise UserError(f"solver={self.cfg.name}: {error}") from error
        seconds = {"text": read, "kv": time.perf_counter() - start - read}
        facts |= {"seconds": seconds, "retained": features.retained}
        return finish(model, build, self.cfg, *done, facts)

    def _check(self) -> None:
        for key, allowed in (
            ("prompts", ("bare", "build")),
            ("preserve", ("concepts", "build", "none")),
            ("guide", ("anchor", "empty")),
        ):
            if getattr(self.cfg, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(self.cfg, key), allowed)
        if self.cfg.batch_size < 1:
            raise UserError(f"solver.batch_size must be 1 or more; got {self.cfg.batch_size}.")
        self.check()

    def positive(self, *keys: str, zero: bool = False) -> None:
        """Raise UserError unless these config values are positive numbers (0 too, where allowed)."""
        for key in keys:
            value = getattr(self.cfg, key)
            if not (value >= 0 if zero else value > 0) or value == float("inf"):
                raise UserError(f"solver.{key} must be {'0 or more' if zero else 'positive'}; got {value}.")

    def _features(self, pipe: Any, build: BuildSet) -> Features:
        cfg = self.cfg
        pairs = self.pairs(build)
        columns = pair_columns(pipe.tokenizer, pairs, cfg.tokens)
        retained = self._retained(build)
        layers = TextLayers(pipe.text_encoder)
        ids_x = token_ids(pipe.tokenizer, [p.target_prompt for p in pairs])
        ids_y = token_ids(pipe.tokenizer, [p.anchor_prompt for p in pairs])
        X = encode(layers, ids_x, columns.target, cfg.batch_size)  # (d, n)
        Y = encode(layers, ids_y, columns.anchor, cfg.batch_size)
        K = read_texts(pipe, layers, retained, cfg.preserve_tokens, cfg.batch_size).to(X)
        return Features(pipe, layers, build, columns, X, Y, K, len(retained), cfg.batch_size)

    def pairs(self, build: BuildSet) -> list[Any]:
        """The build's sentences, or the concepts' bare names; guide=empty: with the empty prompt as every anchor."""
        if self.cfg.prompts == "build" and self.cfg.guide == "anchor":
            return list(build.pairs)
        targets = build.pairs if self.cfg.prompts == "build" else [
            _Bare(p.target, p.anchor, p) for p in build.concepts.pairs
        ]  # fmt: skip
        if self.cfg.guide == "anchor":
            return list(targets)
        return [_Bare(p.target_prompt, "", ConceptPair(p.pair.target, "")) for p in targets]

    def _retained(self, build: BuildSet) -> list[str]:
        from erasepro.concepts.fills import retained_names

        names = retained_names(build.concepts) if self.cfg.preserve == "concepts" else ()
        texts = {"concepts": names, "build": build.preserve, "none": ()}[self.cfg.preserve]
        return ([""] if self.cfg.preserve_empty else []) + list(texts)


def all_columns(update: Update, n: int) -> Solution:
    """A solution that treats every one of n columns alike and knows no condition number."""
    return Solution(update, torch.arange(n), (), float("nan"), exact=False)
