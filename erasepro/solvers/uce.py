"""UCE (arXiv 2308.14761): the closed-form edit of cross-attention that later methods are measured against."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from erasepro.closed_form import Cost, Statistics
from erasepro.errors import unknown
from erasepro.models.columns import pair_columns, preserve_columns
from erasepro.models.features import TextLayers, encode, token_ids
from erasepro.models.sites import cross_attention_sites

from . import SOLVERS
from .base import Solver
from .finish import check_pristine, finish
from .fit import FitConfig, check_fit
from .kv_pass import kv_pass

if TYPE_CHECKING:
    from erasepro.concepts.prompts import BuildSet
    from erasepro.edit import Edit
    from erasepro.models.base import Model


@dataclass
class UCEConfig:
    """The published code's keys: λ, s_e, s_p, which tokens, and what is retained."""

    name: str = "uce"
    ridge: float = 0.5  # λ
    erase_scale: float = 1.0  # s_e
    preserve_scale: float | None = 1.0  # s_p; null: max(0.1, 1/#retained texts), as published
    tokens: str = "last_subject"  # token policy of the erased pairs
    preserve_tokens: str = "last"  # last | all: columns of each retained text
    preserve_empty: bool = False  # retain "" as well
    prompts: str = "bare"  # bare (the concepts' own names, as in its code) | build (the build prompts)
    preserve: str = "concepts"  # concepts (names to keep; none given: all others) | build (the build captions) | none
    guide: str = "anchor"  # anchor | empty (the empty prompt's BOS)
    batch_size: int = 64


@dataclass(frozen=True)
class _Bare:
    target_prompt: str
    anchor_prompt: str
    pair: object


@SOLVERS.register("uce", UCEConfig)
class UCE(Solver):
    """Unified Concept Editing: penalised least squares on every cross-attention key and value (arXiv 2308.14761).

    W = (λW_o + s_e Σ v* cᵀ + s_p Σ W_o c_j c_jᵀ)(λI + s_e Σ c cᵀ + s_p Σ c_j c_jᵀ)⁻¹ with v* = W_o c_guide: the soft
    solve with C = λI + s_p K Kᵀ and μ = s_e. The text encoder is not edited.
    """

    config = UCEConfig

    @torch.no_grad()
    def solve(self, model: Model, build: BuildSet) -> Edit:
        """The edit for build.concepts. Raises UserError for a bad config value or a concept beyond the context."""
        cfg, pipe = self.cfg, model.pipe
        self._check(model)
        start = time.perf_counter()
        pairs = self._pairs(build)
        columns = pair_columns(pipe.tokenizer, pairs, cfg.tokens)
        retained = self._retained(build)
        s_p = cfg.preserve_scale if cfg.preserve_scale is not None else max(0.1, 1 / max(1, len(retained)))

        layers = TextLayers(pipe.text_encoder)
        ids_x = token_ids(pipe.tokenizer, [p.target_prompt for p in pairs])
        ids_y = token_ids(pipe.tokenizer, [p.anchor_prompt for p in pairs])
        X = encode(layers, ids_x, columns.target, cfg.batch_size)  # (d, n)
        Y = encode(layers, ids_y, columns.anchor, cfg.batch_size)
        gram = Statistics(len(X))
        if retained:
            ids = token_ids(pipe.tokenizer, retained)
            kept, _ = preserve_columns(pipe.tokenizer, ids, cfg.preserve_tokens)
            gram.update(encode(layers, ids, kept, cfg.batch_size))
        C = Cost.of(s_p * gram.xx.to(X), cfg.ridge)
        fit = FitConfig(residual="soft", mu=cfg.erase_scale)
        updates, diagnostics = kv_pass(pipe, cross_attention_sites(pipe), X, Y, columns, fit, C)
        facts = {"seconds": {"kv": time.perf_counter() - start}, "preserve_scale": s_p, "retained": len(retained)}
        return finish(model, build, cfg, updates, diagnostics, facts)

    def _check(self, model: Model) -> None:
        check_pristine(model)
        cfg = self.cfg
        for key, allowed in (
            ("prompts", ("bare", "build")),
            ("preserve", ("concepts", "build", "none")),
            ("guide", ("anchor", "empty")),
        ):
            if getattr(cfg, key) not in allowed:
                raise unknown(f"solver.{key}", getattr(cfg, key), allowed)
        probe = FitConfig(residual="soft", mu=cfg.erase_scale)
        probe.preserve.ridge, probe.preserve.scale = cfg.ridge, cfg.preserve_scale or 0.0
        check_fit(probe, "uce")

    def _pairs(self, build: BuildSet) -> list:
        from erasepro.concepts.pairs import ConceptPair

        if self.cfg.prompts == "build" and self.cfg.guide == "anchor":
            return list(build.pairs)
        targets = build.pairs if self.cfg.prompts == "build" else [
            _Bare(p.target, p.anchor, p) for p in build.concepts.pairs
        ]  # fmt: skip
        if self.cfg.guide == "anchor":
            return list(targets)
        return [_Bare(p.target_prompt, "", ConceptPair(p.pair.target, "")) for p in targets]  # type: ignore[attr-defined]

    def _retained(self, build: BuildSet) -> list[str]:
        from erasepro.concepts.fills import retained_names

        names = retained_names(build.concepts) if self.cfg.preserve == "concepts" else ()
        texts = {"concepts": names, "build": build.preserve, "none": ()}[self.cfg.preserve]
        return ([""] if self.cfg.preserve_empty else []) + list(texts)
