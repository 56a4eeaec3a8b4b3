"""The common part of the methods that edit cross-attention only: which texts are read, at which tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import torch
from torch import Tensor

from erasepro.concepts.pairs import ConceptPair
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.edit.pristine import check_pristine
from erasepro.errors import UserError
from erasepro.linalg import Solution, Update
from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.columns import PairColumns, concatenate_columns, plan_pair_columns, plan_retain_columns
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.models.sites import ATTENTION_KINDS, Site, conditioning_sites
from erasepro.prompts.fills import retained_names
from erasepro.runtime.progress import stage
from erasepro.solvers.base import Solver
from erasepro.solvers.configs.cross_attention import CrossAttentionConfig
from erasepro.solvers.engine.assemble import assemble_edit
from erasepro.solvers.engine.cross_attention_pass import SiteSolver, replace_readers
from erasepro.solvers.engine.memory import input_bytes
from erasepro.solvers.engine.retained_sums import retained_sums
from erasepro.solvers.engine.solved_sites import SolvedSites

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts
    from erasepro.edit import Edit
    from erasepro.models.base import Model


@dataclass(frozen=True)
class Features:
    """What a conditioning input's linears see: X (d, n) targets, Y (d, n) anchors, K (d, m) retained texts at their tokens.

    texts: the number of pairs of texts that X and Y come from. retained_texts: those that K comes from, at retained_tokens.
    K is read when it is first asked for; `moment` needs its sums alone, which the store may hold.
    """

    stack: TextStack
    of: ConditioningInput
    prompts: EditPrompts
    columns: PairColumns
    X: Tensor
    Y: Tensor
    texts: int
    retained_texts: Sequence[str]
    retained_tokens: str
    store: StatisticsStore

    @cached_property
    def K(self) -> Tensor:
        """The retained texts' features (d, m); thousands of columns where sentences are retained."""
        return self.read(self.retained_texts, self.retained_tokens).to(self.X)

    @property
    def retained(self) -> int:
        """The number of texts that K comes from."""
        return len(self.retained_texts)

    def read(self, texts: Sequence[str], tokens: str = "all") -> Tensor:
        """The features (d, m) of other texts."""
        return read_texts(self.stack, self.of, texts, tokens)

    def sites(self, kinds: Sequence[str] = ATTENTION_KINDS) -> list[Site]:
        """The linears that read them."""
        return conditioning_sites(self.stack.pipe, self.of, kinds)

    def moment(self, mean: bool = False) -> Tensor:
        """K Kᵀ (d, d), or its mean over the columns."""
        return self.moment_of(self.retained_texts, self.retained_tokens, mean)

    def moment_of(self, texts: Sequence[str], tokens: str, mean: bool = False) -> Tensor:
        """The same (d, d) of other texts at other tokens; zeros where there are none."""
        sums = retained_sums(self.stack, self.of, texts, tokens, self.store)
        xx = sums.xx.to(self.X)
        return xx / max(sums.total, 1.0) if mean else xx


def read_texts(stack: TextStack, read: ConditioningInput, texts: Sequence[str], tokens: str) -> Tensor:
    """Features (d, m) of these texts at these tokens (see `preserve_columns`); m = 0 for no texts."""
    columns, _ = plan_retain_columns(stack.pipe, read, texts, tokens)
    return stack.input_features(read, texts, columns)


def read_pairs(
    stack: TextStack, read: ConditioningInput, pairs: Sequence[Any], policy: str
) -> tuple[PairColumns, Tensor, Tensor]:
    """The columns that a token policy pairs in these texts, and their features X, Y (d, n). UserError as `pair_tokens`."""
    parts = plan_pair_columns(stack.pipe, read, pairs, policy)
    X = stack.input_features(read, [p.target_prompt for p in pairs], [p.target for p in parts])  # (d, n)
    Y = stack.input_features(read, [p.anchor_prompt for p in pairs], [p.anchor for p in parts])
    return concatenate_columns(parts), X, Y


C = TypeVar("C", bound=CrossAttentionConfig)


class CrossAttentionSolver(Solver[C]):
    """Base of the methods that edit cross-attention keys and values (or one of the two) in closed form."""

    config_class: ClassVar[type] = CrossAttentionConfig
    kinds: ClassVar[Sequence[str]] = ATTENTION_KINDS

    def solve_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        """How each site is solved, and facts for the edit's meta data. A ValueError becomes a clear UserError."""
        raise UserError(f"Solver {self.name!r} has no method solve_sites(features): {type(self).__qualname__} lacks it.")

    def check(self) -> None:
        """Raise UserError for a value out of range; subclasses add their own."""

    @torch.no_grad()
    def solve(self, model: Model, prompts: EditPrompts) -> Edit:
        """The edit for the concepts. Raises UserError for a bad config value or a concept beyond the context."""
        check_pristine(model)
        self._check()
        stack = TextStack(model.pipe, batch=self.config.batch_size)
        facts: dict[str, Any] = {}
        reads = conditioning_inputs(model.pipe)
        if not reads:
            raise UserError("The pipeline has no denoiser: there is no layer that reads the text to edit.")
        count = sum(len(conditioning_sites(model.pipe, read, self.kinds)) for read in reads)
        with stage("Solving", count, unit="layers") as advance:
            solved = SolvedSites(advance)
            for read in reads:
                features = self._features(stack, read, prompts)
                solved.lap("text")
                try:
                    solve, known = self._solver_of_sites(features)
                    sites = features.sites(self.kinds)
                    replace_readers(model.pipe, sites, features.X, features.Y, features.columns, solve, solved)
                except ValueError as error:
                    raise UserError(f"solver={self.config.name}: {error}") from error
                solved.lap("cross_attention")
                facts = known | facts | {"retained": features.retained}
        facts["seconds"] = solved.seconds
        return assemble_edit(
            model, prompts, self.config, solved.updates, solved.diagnostics, facts, solved.input_maps
        )

    def _solver_of_sites(self, features: Features) -> tuple[SiteSolver, dict[str, Any]]:
        """What `solve_sites` gives. Raises ValueError where that is of another form."""
        answer: Any = self.solve_sites(features)
        if isinstance(answer, tuple) and len(answer) == 2 and callable(answer[0]) and isinstance(answer[1], dict):
            return answer
        raise ValueError(
            f"solve_sites gives {answer!r:.60}, not a pair (a function of a site and its weight that gives a Solution, facts)"
        )

    def _check(self) -> None:
        super()._check()
        self.check()

    def _features(self, stack: TextStack, read: ConditioningInput, prompts: EditPrompts) -> Features:
        pairs, retained = self.pairs(prompts), self._retained(prompts)
        columns, X, Y = read_pairs(stack, read, pairs, self.config.token_policy)
        tokens = self._retained_tokens(retained)
        return Features(stack, read, prompts, columns, X, Y, len(pairs), retained, tokens, self.statistics)

    def pairs(self, prompts: EditPrompts) -> list[Any]:
        """The fitting sentences, or the concepts' bare names; anchor_source=empty: with the empty prompt as every anchor."""
        if self.config.prompts == "fitting" and self.config.anchor_source == "anchor":
            return list(prompts.pairs)
        targets = prompts.pairs if self.config.prompts == "fitting" else [
            PromptPair(p.target, p.anchor, p) for p in prompts.concepts.pairs
        ]  # fmt: skip
        if self.config.anchor_source == "anchor":
            return list(targets)
        return [
            PromptPair(p.target_prompt, "", ConceptPair(p.pair.target, ""), ConceptPair(p.called.target, ""))
            for p in targets
        ]

    def memory(self, pipe: Any, prompts: EditPrompts) -> int:
        """Bytes for the columns of the largest conditioning input."""
        pairs = self.pairs(prompts)
        return max((input_bytes(pipe, read, pairs, self.config.token_policy) for read in conditioning_inputs(pipe)), default=0)

    def _retained(self, prompts: EditPrompts) -> list[str]:
        names = prompts.retained or retained_names(prompts.concepts)
        texts = {"concepts": names, "fitting": prompts.preserve, "none": ()}[self.config.preserve]
        return ([""] if self.config.preserve_empty else []) + list(texts)

    def _retained_tokens(self, texts: Sequence[str]) -> str:
        return self.config.preserve_tokens


def all_columns(update: Update, n: int) -> Solution:
    """A solution that treats every one of n columns alike and knows no condition number."""
    return Solution(update, torch.arange(n), (), float("nan"), exact=False)
