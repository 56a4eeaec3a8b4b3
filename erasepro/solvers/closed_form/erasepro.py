"""ErasePro (our reconstruction of arXiv 2508.04472), and the superset that the ablations are settings of."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.edit.pristine import check_pristine
from erasepro.errors import UserError, unknown
from erasepro.linalg import Solution, Statistics, Update
from erasepro.models.architectures import Read
from erasepro.models.features.columns import PairColumns, read_kept, read_pairs, together
from erasepro.models.features.layers import Columns
from erasepro.models.features.text_stack import TextStack, encoders_of, joined, parts_of, read_width, reads_of
from erasepro.models.sites import Site, read_sites, text_blocks, text_sites
from erasepro.schedules import SCHEDULES, Schedule, ScheduleConfig
from erasepro.solvers.base import Solver
from erasepro.solvers.engine.assemble import finish
from erasepro.solvers.engine.cross_attention_pass import BLOCK, kv_pass, shared
from erasepro.solvers.engine.encoder_sides import ANCHOR, KEPT, TARGET, ClipSide, FrozenSide, Side, Texts, Wanted
from erasepro.solvers.engine.fit import Fit, FitConfig, check_fit
from erasepro.solvers.registry import SOLVERS

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.base import Model
    from erasepro.prompts.test_prompts import BuildSet


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
    long_captions: int = (
        64  # captions to preserve at most where an encoder always reads its whole context (FLUX: 512 tokens)
    )
    batch_size: int = 64  # prompts encoded at a time; speed only


@SOLVERS.register("erasepro", EraseProConfig)
class ErasePro(Solver):
    """Zero-residual alignment layer by layer through the text encoder, then all keys and values (arXiv 2508.04472).

    At each site the cheapest ΔW with ΔW X = R, C = ridge·I + scale·K Kᵀ, ΔW = R G⁺ Xᵀ C⁻¹; X is re-read through the
    layers already edited. Keys and values share W = W_o (I + D), D = (Y − X) G⁺ Xᵀ C⁻¹.
    """

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
        texts = Texts(
            [p.target_prompt for p in build.pairs], [p.anchor_prompt for p in build.pairs], self._captions(build)
        )
        asked = self._asked(pipe, build, texts) if cfg.kv else []
        sides, updates, diagnostics = self._encoders(pipe, build, texts, schedule, asked)
        text_seconds = time.perf_counter() - start
        for one in asked:
            X, Y, K = (one.features(pipe, sides, who) for who in (TARGET, ANCHOR, KEPT))
            stats = Statistics(len(X)).update(K, weights=one.weights) if K.shape[1] else None
            columns = together(one.pairs)
            D = self._shared(Fit(cfg.kv_fit, columns.per_concept(), columns.labels), X, Y, stats)
            found, told = kv_pass(pipe, read_sites(pipe, one.read), X, Y, columns, shared(D))
            updates |= found
            diagnostics += told
        seconds = {"text": text_seconds, "kv": time.perf_counter() - start - text_seconds}
        return finish(model, build, cfg, updates, diagnostics, {"seconds": seconds})

    def candidates(self, count: int) -> list[int]:
        """Those of an encoder's `count` blocks that may be edited. UserError for a number beyond them."""
        chosen = list(range(count)) if self.cfg.text_blocks is None else sorted(set(self.cfg.text_blocks))
        if any(not 0 <= b < count for b in chosen):
            raise UserError(f"solver.text_blocks must lie in 0 … {count - 1}; got {list(self.cfg.text_blocks)}.")
        return chosen

    def _asked(self, pipe: Any, build: BuildSet, texts: Texts) -> list[_Asked]:
        """What every Read is shown: its columns of pairs and captions."""
        found = []
        preserve, long = self.cfg.kv_fit.preserve, self.cfg.long_captions
        for read in reads_of(pipe):
            pairs = read_pairs(pipe, read, build.pairs, self.cfg.kv_tokens)
            kept: list[Columns] = []
            weights = None
            if preserve.kind in ("gram", "null_space") and len(texts.kept):
                chosen = texts.kept[: preserve.captions]
                if any(not e.causal and e.padding == "read" for e in encoders_of(pipe, read)):
                    chosen = chosen[:long]
                kept, weights = read_kept(pipe, read, chosen, preserve.tokens, preserve.weights)
            found.append(_Asked(read, pairs, kept, weights))
        return found

    def _encoders(
        self, pipe: Any, build: BuildSet, texts: Texts, schedule: Schedule, asked: list[_Asked]
    ) -> tuple[dict[str, Side], dict[str, Update], list[dict[str, Any]]]:
        """One side an encoder, CLIP's edited on the way."""
        cfg = self.cfg
        stack = TextStack(pipe, getattr(torch, cfg.feature_dtype), cfg.batch_size)
        sides: dict[str, Side] = {}
        updates: dict[str, Update] = {}
        diagnostics: list[dict[str, Any]] = []
        for encoder in stack.architecture.encoders:
            name = encoder.component
            if getattr(pipe, name, None) is None:
                continue
            if encoder.family != "clip":
                sides[name] = FrozenSide(stack, name, texts)
                continue
            side = ClipSide(
                pipe, name, texts, _wanted(pipe, name, asked), sites=self._sites(pipe, name, schedule),
                tokens=cfg.text_tokens, fit=cfg.text_fit, schedule=schedule,
                dtypes=(getattr(torch, cfg.feature_dtype), getattr(torch, cfg.preserve_dtype)), batch=cfg.batch_size,
                pairs=build.pairs,
            )  # fmt: skip
            sides[name] = side
            updates |= side.result.updates
            diagnostics += side.result.diagnostics
        if not updates and not asked:
            if not any(e.family == "clip" for e in stack.architecture.encoders):
                raise UserError(
                    f"{stack.architecture.name} has no CLIP text encoder, the only kind whose own layers are edited: choose a "
                    "solver that edits the layers that read the text, such as erasepro or uce."
                )
            raise UserError("Nothing to edit: solver.kv is false and no text site is left. Set one of them.")
        return sides, updates, diagnostics

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
        for key in ("batch_size", "long_captions"):
            if getattr(self.cfg, key) < 1:
                raise UserError(f"solver.{key} must be 1 or more; got {getattr(self.cfg, key)}.")

    def _sites(self, pipe: Any, component: str, schedule: Schedule) -> list[Site]:
        blocks = schedule.blocks(self.candidates(text_blocks(pipe, component))) if self.cfg.text_sites else []
        return [s for s in text_sites(pipe, self.cfg.text_sites, component) if s.depth in blocks]

    def _captions(self, build: BuildSet) -> list[str]:
        limits = [f.preserve.captions for f in (self.cfg.text_fit, self.cfg.kv_fit)]
        return list(build.preserve if None in limits else build.preserve[: max(limits)])


@dataclass(frozen=True)
class _Asked:
    """A Read, and the columns that it is shown of each part: of the pairs and of the captions to preserve."""

    read: Read
    pairs: list[PairColumns]
    kept: list[Columns]
    weights: Tensor | None

    def features(self, pipe: Any, sides: dict[str, Side], who: str) -> Tensor:
        """X (d, n) of the targets, the anchors or the captions, as the Read's linears see them."""
        columns = self.kept if who == KEPT else [getattr(p, who) for p in self.pairs]
        if not columns:
            return torch.zeros(read_width(pipe, self.read), 0, dtype=torch.float64)
        return joined(
            pipe, self.read, columns, lambda name, mine: sides[name].tokens(who, mine), lambda n: sides[n].pooled(who)
        )


def _wanted(pipe: Any, component: str, asked: list[_Asked]) -> Wanted:
    """Everything that the Reads ask of one encoder."""
    wanted = Wanted()
    for one in asked:
        for i, part in enumerate(parts_of(pipe, one.read)):
            if component in part and one.read.kind == "pooled":
                wanted.pooled = True
            elif component in part:
                wanted.pairs.append(one.pairs[i])
                wanted.kept += one.kept[i : i + 1]
    return wanted
