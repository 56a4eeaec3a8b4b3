"""ErasePro (our reconstruction of arXiv 2508.04472), and the superset that the ablations are settings of."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.closed_form import Solution, Statistics
from erasepro.errors import UserError, unknown
from erasepro.models.columns import pair_columns, preserve_columns
from erasepro.models.features import TextLayers, token_ids
from erasepro.models.sites import cross_attention_sites, text_blocks, text_sites
from erasepro.models.streams import encode
from erasepro.schedules import SCHEDULES, ScheduleConfig

from . import SOLVERS
from .base import Solver
from .finish import check_pristine, finish
from .fit import Fit, FitConfig, check_fit
from .kv_pass import BLOCK, kv_pass, shared
from .text_pass import open_streams, text_pass

if TYPE_CHECKING:
    from erasepro.concepts.prompts import BuildSet
    from erasepro.edit import Edit
    from erasepro.models.base import Model


@dataclass
class EraseProConfig:
    """Everything that ErasePro's public material leaves open is a key here."""

    name: str = "erasepro"
    text_sites: list[str] = field(default_factory=lambda: ["mlp.fc2"])  # linears of each text block; [] for none
    text_blocks: list[int] | None = None  # blocks that may be edited; null: all
    text_tokens: str = "last_to_eos"  # token policy in the text encoder
    text_fit: FitConfig = field(default_factory=FitConfig)
    kv: bool = True  # edit cross-attention keys and values at the end
    kv_tokens: str = "last_to_eos"
    kv_fit: FitConfig = field(default_factory=FitConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    feature_dtype: str = "float64"  # precision of the pairs' forward passes (solves are always float64)
    preserve_dtype: str = "float32"  # of the captions' to preserve: they only shape the cost
    batch_size: int = 64  # prompts encoded at a time; speed only


@SOLVERS.register("erasepro", EraseProConfig)
class ErasePro(Solver):
    """Zero-residual alignment layer by layer through the text encoder, then all keys and values (arXiv 2508.04472).

    At each site the cheapest ΔW with ΔW X = R, C = ridge·I + scale·K Kᵀ, ΔW = R G⁺ Xᵀ C⁻¹; X is re-read through the
    layers already edited. Keys and values share W = W_o (I + D), D = (Y − X) G⁺ Xᵀ C⁻¹.
    """

    config = EraseProConfig

    @torch.no_grad()
    def solve(self, model: Model, build: BuildSet) -> Edit:
        """The edit for build.concepts, built from build.pairs and preserving build.preserve.

        Raises:
            UserError: a bad config value, a concept that does not fit the context, or contradictory concepts with
                rank=exact (the message names them).
        """
        cfg, pipe = self.cfg, model.pipe
        schedule = SCHEDULES.get(cfg.schedule.name)(cfg.schedule)
        self._check(model)
        start = time.perf_counter()
        sites = self._sites(pipe, schedule)
        tokenizer, batch = pipe.tokenizer, cfg.batch_size
        x = token_ids(tokenizer, [p.target_prompt for p in build.pairs])
        y = token_ids(tokenizer, [p.anchor_prompt for p in build.pairs])
        k = token_ids(tokenizer, self._captions(build))
        columns = pair_columns(tokenizer, build.pairs, cfg.text_tokens)
        kv_columns = pair_columns(tokenizer, build.pairs, cfg.kv_tokens)
        kept, weights = self._kept(tokenizer, k, cfg.text_fit, bool(sites))
        kv_kept, kv_weights = self._kept(tokenizer, k, cfg.kv_fit, cfg.kv)

        layers = TextLayers(pipe.text_encoder, getattr(torch, cfg.feature_dtype))
        same = cfg.preserve_dtype == cfg.feature_dtype
        kept_layers = layers if same else TextLayers(pipe.text_encoder, getattr(torch, cfg.preserve_dtype))
        sets = [(columns.target, columns.anchor), (kv_columns.target, kv_columns.anchor)]
        reread = schedule.reread and schedule.reread_kv
        wanted = [c for c in (kept, kv_kept) if c is not None] if kept is not None else []
        streams = open_streams(layers, kept_layers, (x, y, k), sets, wanted, reread, batch)
        dtype = next(pipe.text_encoder.parameters()).dtype
        fitter = Fit(cfg.text_fit, columns.per_concept(), columns.labels)
        result = text_pass(streams, sites, columns, schedule, fitter, weights, dtype)
        updates, diagnostics = dict(result.updates), list(result.diagnostics)
        text_seconds = time.perf_counter() - start

        if cfg.kv:
            source = streams.X if schedule.reread_kv or streams.O is None else streams.O
            X, Y = source.features(kv_columns.target), streams.Y.features(kv_columns.anchor)
            stats = None
            if kv_kept is not None and len(kv_kept):
                K = streams.K.features(kv_kept) if streams.K is not None else encode(kept_layers, k, kv_kept, batch)
                stats = Statistics(len(X)).update(K, weights=kv_weights)
            D = self._shared(Fit(cfg.kv_fit, kv_columns.per_concept(), kv_columns.labels), X, Y, stats)
            kv_updates, entries = kv_pass(pipe, cross_attention_sites(pipe), X, Y, kv_columns, shared(D))
            updates |= kv_updates
            diagnostics += entries
        seconds = {"text": text_seconds, "kv": time.perf_counter() - start - text_seconds}
        return finish(model, build, cfg, updates, diagnostics, {"seconds": seconds})

    @staticmethod
    def _shared(fit: Fit, X: Tensor, Y: Tensor, kept: Statistics | None) -> Solution:
        """D with W = W_o (I + D) for every key and value."""
        d, n = X.shape
        if not fit.pooled(n, d):
            return fit(X.double(), Y.double() - X.double(), kept)
        sums = Statistics(d, d)
        for x, y in zip(X.split(BLOCK, dim=1), Y.split(BLOCK, dim=1), strict=True):
            sums.update(x, y.double() - x.double())
        return fit.from_sums(sums, kept)

    def _check(self, model: Model) -> None:
        check_pristine(model)
        check_fit(self.cfg.text_fit, "text_fit")
        check_fit(self.cfg.kv_fit, "kv_fit")
        for key in ("feature_dtype", "preserve_dtype"):
            if getattr(self.cfg, key) not in ("float32", "float64"):
                raise unknown(f"solver.{key}", getattr(self.cfg, key), ("float32", "float64"))
        if self.cfg.batch_size < 1:
            raise UserError(f"solver.batch_size must be 1 or more; got {self.cfg.batch_size}.")

    def _sites(self, pipe: Any, schedule: Any) -> list[Any]:
        count = text_blocks(pipe)
        candidates = list(range(count)) if self.cfg.text_blocks is None else sorted(set(self.cfg.text_blocks))
        if any(not 0 <= b < count for b in candidates):
            raise UserError(f"solver.text_blocks must lie in 0 … {count - 1}; got {list(self.cfg.text_blocks)}.")
        blocks = schedule.blocks(candidates) if self.cfg.text_sites else []
        sites = [s for s in text_sites(pipe, self.cfg.text_sites) if s.depth in blocks]
        if not sites and not self.cfg.kv:
            raise UserError("Nothing to edit: solver.kv is false and no text site is left. Set one of them.")
        return sites

    def _captions(self, build: BuildSet) -> list[str]:
        limits = [f.preserve.captions for f in (self.cfg.text_fit, self.cfg.kv_fit)]
        return list(build.preserve if None in limits else build.preserve[: max(limits)])

    @staticmethod
    def _kept(tokenizer: Any, ids: Any, fit: FitConfig, used: bool) -> tuple[Any, Any]:
        if not used or fit.preserve.kind not in ("gram", "null_space") or not len(ids):
            return None, None
        limit = fit.preserve.captions
        return preserve_columns(tokenizer, ids[:limit], fit.preserve.tokens, fit.preserve.weights)
